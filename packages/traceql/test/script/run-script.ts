// Scripts of the language, one command with its expectation after another:
//
//   trace NAME                 a trace, from now on there (script/read-traces.ts)
//   clear                      no traces
//   search [with N spans] QUERY   a line for each spanset: TRACE: LABELS | ATTRIBUTES
//   attributes QUERY           a line for each span of the answer: TRACE LABEL: NAME=VALUE …
//   range START END STEP QUERY    seconds; a line for each series: {LABELS} VALUE …, with _ for none
//   instant START END QUERY    seconds; a line for each series
//   exemplars START END STEP QUERY   a line for each exemplar: {LABELS} VALUE
//   fail QUERY                 a line with the message of the error
//
// Blank lines and lines with # in front are left out.

import { expect } from 'vitest';
import {
  type FoundSpan,
  instantGrid,
  Metrics,
  parseQuery,
  printAttribute,
  rangeGrid,
  Search,
  type SeriesLabels,
  valueText,
} from '../../src/traceql.js';
import { MemorySource, readContext } from './memory-source.js';
import { type LabelledTrace, readTrace } from './read-traces.js';

export interface Command {
  readonly line: number;
  readonly name: string;
  readonly argument: string;
  readonly body: readonly string[];
}

export function readScript(text: string): Command[] {
  const commands: { line: number; name: string; argument: string; body: string[] }[] = [];
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return;
    if (/^\s/.test(line)) {
      commands.at(-1)!.body.push(line);
      return;
    }
    const [, name = '', argument = ''] = /^(\S+)\s*(.*)$/.exec(line)!;
    commands.push({ line: index + 1, name, argument, body: [] });
  });
  return commands;
}

/** Runs the commands in order; what traces they leave goes from one to the next. */
export class ScriptRun {
  readonly #traces: LabelledTrace[] = [];

  async run({ name, argument, body }: Command): Promise<void> {
    if (name === 'trace') this.#traces.push(readTrace(argument, body));
    else if (name === 'clear') this.#traces.length = 0;
    else if (name === 'search') await this.#search(argument, body);
    else if (name === 'attributes') await this.#attributes(argument, body);
    else if (name === 'range' || name === 'instant' || name === 'exemplars') await this.#metrics(name, argument, body);
    else if (name === 'fail') await this.#fail(argument, body);
    else throw new Error(`no command ${name}`);
  }

  async #search(argument: string, body: readonly string[]): Promise<void> {
    const [, count, query = ''] = /^(?:with (\d+) spans? )?(.*)$/s.exec(argument)!;
    const found: string[] = [];
    const search = this.#searchFor(query, Number(count ?? 1000));
    for await (const { traces } of search.run(new MemorySource(this.#traces), readContext())) {
      for (const { traceId, spansets } of traces) {
        const trace = this.#traces.find((each) => each.traceId === traceId)!;
        for (const { spans, matched, attributes } of spansets) {
          const labels = spans.map((span) => labelOf(trace, span));
          const counted = matched > spans.length ? [`of ${matched}`] : [];
          const shown = attributes.map(({ name, value }) => `${name}=${valueText(value)}`);
          found.push([`${trace.label}: ${[...labels, ...counted].join(' ')}`, ...shown].join(' | '));
        }
      }
    }
    expect(found).toEqual(body.map((line) => line.trim()));
  }

  async #attributes(query: string, body: readonly string[]): Promise<void> {
    const found: string[] = [];
    for await (const { traces } of this.#searchFor(query, 1000).run(new MemorySource(this.#traces), readContext())) {
      for (const { traceId, spansets } of traces) {
        const trace = this.#traces.find((each) => each.traceId === traceId)!;
        for (const span of spansets.flatMap(({ spans }) => spans)) {
          const shown = span.attributes.map(
            ({ attribute, value }) => `${printAttribute(attribute)}=${valueText(value)}`,
          );
          found.push(`${trace.label} ${labelOf(trace, span)}: ${shown.join(' ')}`.trim());
        }
      }
    }
    expect(found).toEqual(body.map((line) => line.trim()));
  }

  async #metrics(kind: 'range' | 'instant' | 'exemplars', argument: string, body: readonly string[]): Promise<void> {
    const times = kind === 'instant' ? 2 : 3;
    const words = argument.split(' ');
    const [start = 0n, end = 0n, step = 0n] = words.slice(0, times).map((each) => BigInt(each) * 1_000_000_000n);
    const grid = kind === 'instant' ? instantGrid(start, end) : rangeGrid(start, end, step);
    const limits = { series: 1000, exemplars: kind === 'exemplars' ? 10 : 0 };
    const metrics = new Metrics({ query: words.slice(times).join(' '), grid, limits });
    const { series } = await metrics.run(new MemorySource(this.#traces), readContext());
    const lines = series.flatMap(({ labels, values, exemplars }) =>
      kind === 'exemplars'
        ? exemplars.map((each) => `${labelsText(labels)} ${labelsText(each.labels)} ${numberText(each.value)}`)
        : [`${labelsText(labels)} ${Array.from(values, numberText).join(' ')}`],
    );
    expect(lines.sort()).toEqual(body.map((line) => line.trim()).sort());
  }

  async #fail(query: string, body: readonly string[]): Promise<void> {
    const run = async () => {
      if (parseQuery(query).kind === 'metrics') {
        const metrics = new Metrics({ query, grid: instantGrid(0n, 1n), limits: { series: 1000, exemplars: 0 } });
        await metrics.run(new MemorySource(this.#traces), readContext());
        return;
      }
      for await (const _batch of this.#searchFor(query, 1).run(new MemorySource(this.#traces), readContext()));
    };
    const error = await run().then(
      () => undefined,
      (reason: Error) => reason.message,
    );
    expect(error).toBe(body.map((line) => line.trim()).join('\n'));
  }

  #searchFor(query: string, spansPerSpanset: number): Search {
    return new Search({ query, startUnixNs: 0n, endUnixNs: 1_000_000_000_000n, limit: 1000, spansPerSpanset });
  }
}

function labelsText(labels: SeriesLabels): string {
  return `{${labels.map(([name, value]) => `${name}=${valueText(value)}`).join(', ')}}`;
}

/** To seven digits. */
function numberText(value: number): string {
  return Number.isNaN(value) ? '_' : String(Number(value.toPrecision(7)));
}

/** Spans of equal start keep the order of the script. */
function labelOf({ spans }: LabelledTrace, { index }: FoundSpan): string {
  const inOrder = spans.slice().sort((left, right) => Number(left.startUnixNs - right.startUnixNs));
  return inOrder[index]!.label;
}
