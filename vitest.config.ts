import { defineConfig } from 'vitest/config';

// Each running DuckDB query holds a thread of libuv's pool, whose size is read once per process; the test
// processes inherit this one (docs/architecture.md, "bin").
process.env['UV_THREADPOOL_SIZE'] ??= '32';

export default defineConfig({
  test: {
    include: [
      'test/{unit,property,otap,load,wire,grpc,host,sql,journal,lake,files}/**/*.test.ts',
      'packages/*/test/**/*.test.ts',
    ],
    globalSetup: ['test/lake/support/fetch-servers.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
