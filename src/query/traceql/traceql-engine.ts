// TraceQL as an engine for SQL: a request on a thread → blocks that it emits.

import { Failure } from '../../base/failure.js';
import { SqlError } from '../../base/sql-error.js';
import { buffersOf, type ColumnBlock } from '../../buffer/column-block.js';
import type { EngineContext, EngineRun } from '../run/engine.js';
import { evaluateMetrics, searchTraces } from './evaluate.js';
import { type OpenSource, planBlock } from './plan-block.js';
import { seriesBlock } from './series-block.js';
import { spanBlock } from './span-blocks.js';
import { traceqlFailure } from './traceql-failure.js';
import type { TraceqlRequest } from './traceql-request.js';

export function traceqlEngine(open: OpenSource): EngineRun {
  return async (request, context) => {
    try {
      for await (const block of blocksOf(request as TraceqlRequest, open, context)) {
        await context.emit(block, buffersOf(block));
      }
      return { value: undefined };
    } catch (error) {
      throw sqlError(traceqlFailure(error));
    }
  };
}

async function* blocksOf(
  request: TraceqlRequest,
  open: OpenSource,
  context: EngineContext,
): AsyncGenerator<ColumnBlock, void> {
  const source = open(context.scanner);
  switch (request.form) {
    case 'spans':
      for await (const { traces } of searchTraces(request.question, source, context)) {
        const block = spanBlock(traces);
        if (block !== undefined) yield block;
      }
      return;
    case 'series': {
      const { grid, result } = await evaluateMetrics(request.question, source, context);
      if (result.series.length > 0) yield seriesBlock(result.series, grid);
      return;
    }
    case 'plan':
      yield await planBlock(request.question, open, context, context);
  }
}

/** Failures of the query itself have a code of their own; others are known by their kind. */
function sqlError(thrown: unknown): unknown {
  if (!(thrown instanceof Failure) || thrown.kind !== 'malformed') return thrown;
  return new SqlError('OTLP_QUERY_INVALID', thrown.message, { cause: thrown });
}
