/** setTimeout() fires at once when asked for more. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
