import { added, type Combined, kahanAdded } from './combine.js';
import { divided, hasOverflow, multiplied, type NativeHistogram } from './native-histogram.js';

/** What adding histograms showed that users should know. */
export interface SumFindings {
  resetSeen: boolean;
  noResetSeen: boolean;
  boundsReconciled: boolean;
}

/** Sum or mean of histograms as they come, with what rounding lost. Throws `IncompatibleHistograms`. */
export class HistogramSum {
  readonly findings: SumFindings = { resetSeen: false, noResetSeen: false, boundsReconciled: false };
  #sum: NativeHistogram;
  #compensation: NativeHistogram | undefined;

  constructor(first: NativeHistogram) {
    this.#sum = first;
    noteHint(this.findings, first);
  }

  add(histogram: NativeHistogram): void {
    noteHint(this.findings, histogram);
    this.#take(kahanAdded(this.#sum, this.#compensation, histogram));
  }

  get value(): NativeHistogram {
    return this.#compensation === undefined ? this.#sum : added(this.#sum, this.#compensation).histogram;
  }

  #take({ histogram, compensation, boundsReconciled }: Combined): void {
    this.#sum = histogram;
    this.#compensation = compensation;
    this.findings.boundsReconciled ||= boundsReconciled;
  }
}

/** Divides at the end, and changes to a running mean when a sum would overflow. Throws `IncompatibleHistograms`. */
export class HistogramMean {
  readonly findings: SumFindings = { resetSeen: false, noResetSeen: false, boundsReconciled: false };
  count = 1;
  #value: NativeHistogram;
  #compensation: NativeHistogram | undefined;
  #isRunning = false;

  constructor(first: NativeHistogram) {
    this.#value = first;
    noteHint(this.findings, first);
  }

  add(histogram: NativeHistogram): void {
    this.count++;
    const { count } = this;
    noteHint(this.findings, histogram);
    if (!this.#isRunning) {
      const next = kahanAdded(this.#value, this.#compensation, histogram);
      this.findings.boundsReconciled ||= next.boundsReconciled;
      if (!hasOverflow(next.histogram)) {
        this.#value = next.histogram;
        this.#compensation = next.compensation;
        return;
      }
      this.#isRunning = true;
      this.#value = divided(this.#value, count - 1);
      this.#compensation &&= divided(this.#compensation, count - 1);
    }
    const weight = (count - 1) / count;
    const next = kahanAdded(
      multiplied(this.#value, weight),
      this.#compensation && multiplied(this.#compensation, weight),
      divided(histogram, count),
    );
    this.findings.boundsReconciled ||= next.boundsReconciled;
    this.#value = next.histogram;
    this.#compensation = next.compensation;
  }

  get value(): NativeHistogram {
    const part = (histogram: NativeHistogram) => (this.#isRunning ? histogram : divided(histogram, this.count));
    if (this.#compensation === undefined) return part(this.#value);
    return added(part(this.#value), part(this.#compensation)).histogram;
  }
}

function noteHint(findings: SumFindings, { hint }: NativeHistogram): void {
  findings.resetSeen ||= hint === 'reset';
  findings.noResetSeen ||= hint === 'not_reset';
}
