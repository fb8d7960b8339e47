// A colour for each name, the same on every page and in every session.

const COLORS = 12;

/** The number of a colour of the style sheet, `--c0` to `--c11`. */
export function colorNumber(name: string): number {
  let hash = 2166136261;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 16777619);
  hash ^= hash >>> 15;
  return (hash >>> 0) % COLORS;
}

export function colorOf(name: string): string {
  return `var(--c${colorNumber(name)})`;
}

export function colorAt(index: number): string {
  return `var(--c${index % COLORS})`;
}

/** What a canvas can draw with: variables of the style sheet as they are in the theme of the moment. */
export function resolvedColor(color: string): string {
  const probe = document.createElement('span');
  probe.style.color = color;
  document.body.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}
