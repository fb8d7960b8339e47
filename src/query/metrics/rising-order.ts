// Times as the threads of DuckDB have stored them → their places by rising time. The threads that write a seal take its rows by turns,
// so that a series has some runs of rising times in each seal, and the seals follow each other.

/** How often a place may be moved by merging, on average. What is in less order than that is sorted by comparing. */
const MOST_MOVES = 8;

/** Orders one series after the other. What it gives is good until the next call. */
export class RisingOrder {
  /** The latest order, in the first of two buffers. */
  #latest = new Int32Array(0);
  #places = new Int32Array(0);
  #other = new Int32Array(0);

  /** Places by rising time, of equal times the last one only; undefined where times rise as they are. */
  of(times: Float64Array): Int32Array | undefined {
    if (isRising(times)) return undefined;
    // Rows of series lie beside each other: what was right for the last one is most often right for this one.
    if (this.#latest.length === times.length && isRisingIn(times, this.#latest)) return this.#latest;
    if (this.#places.length < times.length) {
      this.#places = new Int32Array(2 * times.length);
      this.#other = new Int32Array(2 * times.length);
    }
    this.#latest = this.#places.subarray(0, this.#order(times));
    return this.#latest;
  }

  /** Returns how many places there are. */
  #order(times: Float64Array): number {
    const runs = runsOf(times);
    const byTime = Array.from({ length: runs.length - 1 }, (_, run) => run);
    byTime.sort((left, right) => times[runs[left]!]! - times[runs[right]!]!);
    let end = 0;
    let isDistinct = true;
    let moved = 0;
    for (const run of byTime) {
      const [from, to] = [runs[run]!, runs[run + 1]!];
      const begin = end;
      for (let place = from; place < to; place++) this.#places[end++] = place;
      // A run that spans two seals overlaps both, so that the first times of all that is in order are seldom looked at again.
      const open = this.#firstNotBefore(times, times[from]!, begin);
      moved += end - open;
      if (moved > MOST_MOVES * times.length) return this.#sort(times);
      if (open < begin) isDistinct = this.#merge(times, open, begin, end) && isDistinct;
    }
    return isDistinct ? end : this.#withoutEqual(times);
  }

  /** Where, of what is in order up to `end`, times are not before this one. */
  #firstNotBefore(times: Float64Array, timeMs: number, end: number): number {
    let low = 0;
    let high = end;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[this.#places[middle]!]! < timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #sort(times: Float64Array): number {
    const places = this.#places.subarray(0, times.length);
    for (let place = 0; place < places.length; place++) places[place] = place;
    places.sort((left, right) => times[left]! - times[right]! || left - right);
    return this.#withoutEqual(times);
  }

  /** Merges what stands from `start` to `middle` with what stands from there to `end`. False if times are equal. */
  #merge(times: Float64Array, start: number, middle: number, end: number): boolean {
    const places = this.#places;
    const other = this.#other;
    other.set(places.subarray(start, middle), start);
    let isDistinct = true;
    let left = start;
    let right = middle;
    let at = start;
    // What is left of the right side is where it belongs.
    while (left < middle) {
      const leftPlace = other[left]!;
      const rightPlace = right < end ? places[right]! : -1;
      const difference = right < end ? times[leftPlace]! - times[rightPlace]! : -1;
      if (difference === 0) isDistinct = false;
      if (difference < 0 || (difference === 0 && leftPlace < rightPlace)) {
        places[at++] = leftPlace;
        left++;
      } else {
        places[at++] = rightPlace;
        right++;
      }
    }
    return isDistinct;
  }

  #withoutEqual(times: Float64Array): number {
    const places = this.#places;
    let kept = 0;
    for (let at = 0; at < times.length; at++) {
      if (at + 1 < times.length && times[places[at + 1]!] === times[places[at]!]) continue;
      places[kept++] = places[at]!;
    }
    return kept;
  }
}

function isRising(times: Float64Array): boolean {
  for (let at = 1; at < times.length; at++) if (times[at]! <= times[at - 1]!) return false;
  return true;
}

/** The order names as many places as there are. So if times rise in it, it names each of them once. */
function isRisingIn(times: Float64Array, order: Int32Array): boolean {
  let lastMs = -Infinity;
  for (let at = 0; at < order.length; at++) {
    const timeMs = times[order[at]!]!;
    if (!(timeMs > lastMs)) return false;
    lastMs = timeMs;
  }
  return true;
}

/** Where runs of rising times begin, and the end. */
function runsOf(times: Float64Array): number[] {
  const runs = [0];
  for (let at = 1; at < times.length; at++) if (times[at]! <= times[at - 1]!) runs.push(at);
  runs.push(times.length);
  return runs;
}
