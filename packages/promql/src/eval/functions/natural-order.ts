/**
 * Order of texts in which numbers count by their value: `node2` comes before `node10`. Parts of digits and of other
 * characters take turns. When all parts are equal as far as both go, the shorter text comes first.
 */
export function isNaturallyBefore(left: string, right: string): boolean {
  const leftParts = partsOf(left);
  const rightParts = partsOf(right);
  for (const [at, leftPart] of leftParts.entries()) {
    const rightPart = rightParts[at];
    if (rightPart === undefined) return false;
    const areNumbers = /^\d/.test(leftPart) && /^\d/.test(rightPart);
    if (areNumbers && BigInt(leftPart) !== BigInt(rightPart)) return BigInt(leftPart) < BigInt(rightPart);
    if (!areNumbers && leftPart !== rightPart) return leftPart < rightPart;
  }
  return leftParts.length > 0;
}

function partsOf(text: string): string[] {
  return text.match(/\d+|\D+/g) ?? [];
}
