import { setFlagsFromString } from 'node:v8';

/**
 * How much the JavaScript heap may grow before all of it is collected. Node starts a collection once it has grown by some
 * 8 MB, which counts the memory of buffers. Ours is 16 MB of code and schema, and rows that wait are buffers: under load that
 * made 25 full collections for each million records, each of which stops the main thread for 5 to 40 ms. With room to grow
 * to five times its size there are 4, and what asks for them is V8's own limit of 64 MB of new buffers.
 */
const HEAP_GROWING_PERCENT = 400;

/** Has V8 collect a small heap less often. For the whole process, which is why only the command does it. */
export function letHeapGrow(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
}
