#!/usr/bin/env node
// Each running DuckDB query holds a thread of libuv's pool, whose size is read once, before the first module of an ES
// entry is evaluated: so a CommonJS file sets it and then loads the program.
const { readFileSync } = require('node:fs');

// Loading the program opens some hundred files at once, and each client of a server is one more.
const FEWEST_OPEN_FILES = 512;

/** Undefined where the system does not tell. Node has raised the limit to the highest that it may set already. */
function openFilesLimit() {
  try {
    return /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

const limit = openFilesLimit();
if (limit !== undefined && Number(limit) < FEWEST_OPEN_FILES) {
  process.stderr.write(
    `otelduck: this process may open ${limit} files (ulimit -n), and needs at least ${FEWEST_OPEN_FILES}, and one more for each client of a server\n`,
  );
  process.exitCode = 1;
} else {
  process.env.UV_THREADPOOL_SIZE ||= '32';
  import('../dist/main.js');
}
