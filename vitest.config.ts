import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

// Each running DuckDB query holds a thread of libuv's pool, whose size is read once per process; the test
// processes inherit this one (docs/architecture.md, "bin").
process.env['UV_THREADPOOL_SIZE'] ??= '32';

export default defineConfig({
  test: {
    // Wherever it is: what is not to run is named below, with the reason.
    include: ['**/*.test.ts'],
    exclude: [
      ...configDefaults.exclude,
      // They read captures that are not in the repository: npm run captures.
      'test/captures/**',
    ],
    globalSetup: ['test/lake/support/fetch-servers.ts'],
    pool: 'forks',
    // Tests wait for sockets, timers and other processes about half of their time.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
