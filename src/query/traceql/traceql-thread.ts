// What a thread runs TraceQL with: the engine over the table of traces.

import { TableTraceSource } from '../traces/trace-source.js';
import { traceqlEngine } from './traceql-engine.js';

export const run = traceqlEngine((scanner) => new TableTraceSource(scanner));
