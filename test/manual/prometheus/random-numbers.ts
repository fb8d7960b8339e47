export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number from 0 up to, but not including, `end`. */
  below(end: number): number;
  isLikely(probability: number): boolean;
  pick<T>(choices: readonly T[]): T;
  list<T>(length: number, make: (index: number) => T): T[];
}

/** Numbers that look random and are the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): Random {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number) => Math.floor(next() * end);
  return {
    next,
    below,
    isLikely: (probability) => next() < probability,
    pick: (choices) => choices[below(choices.length)]!,
    list: (length, make) => Array.from({ length }, (_, index) => make(index)),
  };
}
