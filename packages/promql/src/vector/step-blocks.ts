import { FLOAT, HISTOGRAM, type StepSeries } from '../data/step-series.js';

/** Steps that are gathered together: a cache line of a column holds eight floats. See bench/evaluate.ts. */
const BLOCK = 16;

/** The floats of all series at one step. The views are reused once the visit returns. */
export interface StepFloats {
  readonly values: Float64Array;
  /** Place of each value's series. */
  readonly places: Int32Array;
  readonly hasHistogram: boolean;
}

/**
 * Visits step after step with the floats of all series. Columns lie series by series, so that going through them step by
 * step would load a cache line for each value; they are gathered in blocks of steps instead.
 */
export function eachStep(
  series: readonly StepSeries[],
  steps: number,
  visit: (step: number, floats: StepFloats) => void,
): void {
  const width = series.length;
  const values = new Float64Array(BLOCK * width);
  const places = new Int32Array(BLOCK * width);
  const counts = new Int32Array(BLOCK);
  const histograms = new Uint8Array(BLOCK);
  for (let first = 0; first < steps; first += BLOCK) {
    const rows = Math.min(BLOCK, steps - first);
    counts.fill(0);
    histograms.fill(0);
    for (let place = 0; place < width; place++) {
      const { kinds, values: column } = series[place]!;
      for (let row = 0; row < rows; row++) {
        const kind = kinds[first + row];
        if (kind === HISTOGRAM) histograms[row] = 1;
        if (kind !== FLOAT) continue;
        const at = row * width + counts[row]!++;
        values[at] = column[first + row]!;
        places[at] = place;
      }
    }
    for (let row = 0; row < rows; row++) {
      const from = row * width;
      const to = from + counts[row]!;
      const hasHistogram = histograms[row] === 1;
      visit(first + row, { values: values.subarray(from, to), places: places.subarray(from, to), hasHistogram });
    }
  }
}
