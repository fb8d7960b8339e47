import type { ForcedMonotonicity } from '../histogram/classic.js';
import { general, quoted } from '../syntax/go-text.js';
import { lineAndColumn, type Position } from '../syntax/position.js';

/** Warnings say that an answer may be wrong, notes that a query may not mean what was intended. */
export type Severity = 'warning' | 'info';

/** What an evaluation has to say about its answer, in Prometheus's words. */
export interface AnnotationTexts {
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

interface Annotation {
  readonly severity: Severity;
  readonly position: Position | undefined;
  /** What is appended to the text, from everything that was merged into this annotation. */
  readonly detail: (query: string) => string;
}

interface ForcedSpan extends ForcedMonotonicity {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
}

/** Annotations of one evaluation. The same text is kept once, at the last place that gave rise to it. */
export class Annotations {
  readonly #annotations = new Map<string, Annotation>();
  readonly #forced = new Map<string, ForcedSpan>();
  readonly #overlaps = new Map<string, number>();

  warn(text: string, position: Position): void {
    this.#annotations.set(text, { severity: 'warning', position, detail: () => '' });
  }

  info(text: string, position: Position): void {
    this.#annotations.set(text, { severity: 'info', position, detail: () => '' });
  }

  /** A warning of the source of the samples, which knows no place in the query. */
  warnOfSource(text: string): void {
    this.#annotations.set(text, { severity: 'warning', position: undefined, detail: () => '' });
  }

  /** Counts of a classic histogram that fell from one bucket to the next. All steps make one note. */
  forcedMonotonicity(metric: string, forced: ForcedMonotonicity, timeMs: number, position: Position): void {
    const reference = 'https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile';
    const cause = `input to histogram_quantile needed to be fixed for monotonicity (see ${reference})`;
    const text = cause + forMetric(metric);
    const before = this.#forced.get(text);
    this.#forced.set(text, {
      lowestBound: Math.min(before?.lowestBound ?? Infinity, forced.lowestBound),
      highestBound: Math.max(before?.highestBound ?? -Infinity, forced.highestBound),
      largestDifference: Math.max(before?.largestDifference ?? 0, forced.largestDifference),
      firstMs: Math.min(before?.firstMs ?? Infinity, timeMs),
      lastMs: Math.max(before?.lastMs ?? -Infinity, timeMs),
      count: (before?.count ?? 0) + 1,
    });
    const detail = () => forcedText(this.#forced.get(text)!);
    this.#annotations.set(text, { severity: 'info', position, detail });
  }

  /** A sample that began before the one in front of it ended. */
  startTimeOverlap(metric: string, position: Position): void {
    const text = `sample has start time that overlaps with previous sample timestamp for metric ${quoted(metric)}`;
    this.#overlaps.set(text, (this.#overlaps.get(text) ?? 0) + 1);
    const detail = () => {
      const count = this.#overlaps.get(text)!;
      return count > 1 ? ` (${count} occurrences)` : '';
    };
    this.#annotations.set(text, { severity: 'warning', position, detail });
  }

  texts(query: string): AnnotationTexts {
    const warnings: string[] = [];
    const infos: string[] = [];
    for (const [text, { severity, position, detail }] of this.#annotations) {
      if (position === undefined) {
        warnings.push(text);
        continue;
      }
      const place = ` (${lineAndColumn(query, position.start)})`;
      (severity === 'warning' ? warnings : infos).push(`PromQL ${severity}: ${text}${detail(query)}${place}`);
    }
    return { warnings, infos };
  }
}

/** ` for metric name "x"`, or nothing when the name is not known. */
export function forMetric(metric: string): string {
  return metric === '' ? '' : ` for metric name ${quoted(metric)}`;
}

function forcedText({ lowestBound, highestBound, largestDifference, firstMs, lastMs, count }: ForcedSpan): string {
  const bounds = `from buckets ${general(lowestBound)} to ${general(highestBound)}`;
  const difference = `with a max diff of ${general(Number(largestDifference.toPrecision(2)))}`;
  return `, ${bounds}, ${difference}, over ${count} samples from ${rfc3339(firstMs)} to ${rfc3339(lastMs)}`;
}

function rfc3339(timeMs: number): string {
  return `${new Date(Math.trunc(timeMs / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}
