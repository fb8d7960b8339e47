#!/usr/bin/env node
// Each running DuckDB query holds a thread of libuv's pool, whose size is read once, before the first module of an ES
// entry is evaluated: so a CommonJS file sets it and then loads the program.
process.env.UV_THREADPOOL_SIZE ||= '32';
import('../dist/main.js');
