// A scan of files that are found by somebody else.

import { expect, onTestFinished, test } from 'vitest';
import { FileScan } from '../../src/files/file-scan.js';
import { ReadErrorLog } from '../../src/files/read-error-log.js';
import { ReadPool } from '../../src/files/read-pool.js';

test('a pattern may match more files than a call takes arguments', async () => {
  const pool = new ReadPool(1);
  onTestFinished(() => pool.end());
  const scan = new FileScan(
    {
      functionName: 'read_otlp_logs',
      patterns: ['many/*', 'more/*'],
      plan: { signal: 'logs', format: undefined, columns: {}, ignoreErrors: false },
      errorPrefix: (path) => path,
    },
    {
      source: {
        files: async (pattern) => Array.from({ length: 200_000 }, (_, i) => pattern.replace('*', String(i))),
        isLocal: () => true,
        starts: (path) => ({ next: () => Promise.reject(new Error(`${path} is not to be opened`)) }),
      },
      pool,
      errors: new ReadErrorLog(),
    },
  );
  await scan.start((work) => work());
  await new Promise(setImmediate);
  expect(() => scan.next()).toThrow('many/0 is not to be opened');
});
