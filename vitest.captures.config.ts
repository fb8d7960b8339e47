import { defineConfig } from 'vitest/config';

// As in vitest.config.ts: each running query holds a thread of libuv's pool.
process.env['UV_THREADPOOL_SIZE'] ??= '32';

export default defineConfig({
  test: { include: ['test/captures/**/*.test.ts'], pool: 'forks', testTimeout: 120_000, reporters: ['verbose'] },
});
