// The engine against an oracle that evaluates span by span and shares no code with it, on random traces and queries.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Metrics, parseQuery, print, rangeGrid, Search, type SeriesLabels } from '../src/traceql.js';
import { meetsSpan, meetsTrace } from './oracle/conditions.js';
import { keyOf, matches, seriesOf, spansetsOf, Whole } from './oracle/evaluate.js';
import { anyMetrics, anyPipeline, metricsText, operandText, pipelineText } from './oracle/queries.js';
import { anyTrace } from './oracle/traces.js';
import { MemorySource, readContext } from './script/memory-source.js';

const RANGE = { startUnixNs: 0n, endUnixNs: 1000n, limit: 10, spansPerSpanset: 100 };
const RUNS = { numRuns: 1500 };

test('a search finds the spansets that the oracle finds, and asks for no less than their traces', async () => {
  await fc.assert(
    fc.asyncProperty(anyPipeline, anyTrace, async (pipeline, trace) => {
      const whole = new Whole(trace);
      const expected = spansetsOf(whole, pipeline);
      const search = new Search({ query: pipelineText(pipeline), ...RANGE });
      const found: number[][] = [];
      for await (const { traces } of search.run(new MemorySource([trace]), readContext())) {
        for (const { spansets } of traces) found.push(...spansets.map(({ spans }) => spans.map(({ index }) => index)));
      }
      expect(found).toEqual(expected);
      if (expected.length > 0) expect(meetsTrace(whole, search.traceRequest.condition)).toBe(true);
    }),
    RUNS,
  );
});

const [START, STEP, STEPS] = [0, 10, 5];

test('metrics are those of the oracle, and what a store may count alone is exactly what matches', async () => {
  await fc.assert(
    fc.asyncProperty(anyMetrics, fc.array(anyTrace, { maxLength: 3 }), async (asked, traces) => {
      const wholes = traces.map((trace) => new Whole(trace));
      const grid = rangeGrid(BigInt(START), BigInt(STEP * STEPS), BigInt(STEP));
      const metrics = new Metrics({ query: metricsText(asked), grid, limits: { series: 1000, exemplars: 3 } });
      const { series } = await metrics.run(new MemorySource(traces), readContext());
      const found = new Map(series.map(({ labels, values }) => [labelsKey(labels, asked.by.map(operandText)), values]));
      const expected = seriesOf(wholes, asked, START, STEP, STEPS);
      for (const [labels, values] of expected) {
        if (values.every(Number.isNaN)) continue;
        const rounded = (value: number) => (Number.isNaN(value) ? Number.NaN : Number(value.toPrecision(12)));
        expect([labels, Array.from(found.get(labels) ?? [], rounded)]).toEqual([labels, values.map(rounded)]);
        found.delete(labels);
      }
      expect([...found]).toEqual([]);
      const condition = metrics.reads[0]!.aggregate?.condition;
      const { first, steps } = asked.pipeline;
      if (condition === undefined || first.kind !== 'filter' || steps.some(({ kind }) => kind === 'by')) return;
      for (const whole of wholes) {
        for (const span of whole.spans) {
          const isMatch = [
            first.condition,
            ...steps.map((step) => (step.kind === 'filter' ? step.condition : undefined)),
          ].every((each) => each === undefined || matches(whole, span, each));
          expect(meetsSpan(span, condition)).toBe(isMatch);
        }
      }
    }),
    RUNS,
  );
});

/** Absent labels have their place, as the oracle tells them. */
function labelsKey(labels: SeriesLabels, by: readonly string[]): string {
  const byName = new Map(labels);
  const rest = labels.filter(([name]) => name === '__bucket');
  return [...by.map((name) => keyOf(byName.get(name))), ...rest.map(([, value]) => keyOf(value))].join(';');
}

test('what is printed parses to the same tree', () => {
  fc.assert(
    fc.property(fc.oneof(anyPipeline.map(pipelineText), anyMetrics.map(metricsText)), (query) => {
      const printed = print(parseQuery(query));
      expect(print(parseQuery(printed))).toBe(printed);
      expect(withoutPositions(parseQuery(printed))).toEqual(withoutPositions(parseQuery(query)));
    }),
    RUNS,
  );
});

function withoutPositions(query: unknown): unknown {
  const replace = (key: string, value: unknown) =>
    key === 'position' ? undefined : typeof value === 'bigint' ? `${value}n` : value;
  return JSON.parse(JSON.stringify(query, replace));
}
