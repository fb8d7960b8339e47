/** Arrays of every type can begin at a multiple of this in a buffer. */
const ALIGNMENT = 8;

/** So many bytes, and those to the next place where an array can begin. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
