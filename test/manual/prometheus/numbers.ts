/** Sums of the same numbers in another order differ in the last digits. Prometheus's own scripts allow 1e-6. */
const RELATIVE_TOLERANCE = 1e-11;

/** Whether two values agree in form, and in every number that they hold as text. */
export function numbersAgree(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((value, i) => numbersAgree(value, other[i]));
  }
  if (isObject(one) && isObject(other)) {
    const [keys, wanted] = [Object.keys(one).sort(), Object.keys(other).sort()];
    return keys.join() === wanted.join() && keys.every((key) => numbersAgree(one[key], other[key]));
  }
  if (one === other) return true;
  const [a, b] = [Number(one), Number(other)];
  return Math.abs(a - b) <= RELATIVE_TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
