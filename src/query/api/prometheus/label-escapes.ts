// Label names in paths: characters that old clients cannot write are escaped as Prometheus escapes them.

const PREFIX = 'U__';
const ESCAPED = /^(?:[^_]|__|_[0-9a-f]{1,6}_)*$/i;
const LARGEST_CODE_POINT = 0x10ffff;

/** `U__a_2e_b` is `a.b`, and `__` is `_`. A name that is not escaped, or escaped wrongly, stays what it is. */
export function unescapedLabelName(name: string): string {
  if (!name.startsWith(PREFIX) || !ESCAPED.test(name.slice(PREFIX.length))) return name;
  let isValid = true;
  const unescaped = name.slice(PREFIX.length).replaceAll(/__|_([0-9a-f]{1,6})_/gi, (_escape, digits?: string) => {
    if (digits === undefined) return '_';
    const codePoint = Number.parseInt(digits, 16);
    isValid &&= codePoint <= LARGEST_CODE_POINT && !(codePoint >= 0xd800 && codePoint <= 0xdfff);
    return isValid ? String.fromCodePoint(codePoint) : '';
  });
  return isValid ? unescaped : name;
}
