import { defineConfig } from 'vitest/config';

// As in vitest.config.ts: each running query holds a thread of libuv's pool.
process.env['UV_THREADPOOL_SIZE'] ??= '32';

// Lakehouse targets on real servers, which the setup fetches: PostgreSQL has to be there, and pip for the rest.
export default defineConfig({
  test: {
    include: ['test/lake/**/*.test.ts'],
    globalSetup: ['test/lake/support/fetch-servers.ts'],
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
