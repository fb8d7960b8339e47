#!/usr/bin/env node
// CommonJS, because libuv reads the size of its thread pool before an ES module's first line runs. Each running DuckDB
// query holds one of those threads, and concurrent loops run many queries at once.
process.env.UV_THREADPOOL_SIZE ??= '32';
import('../dist/command.js');
