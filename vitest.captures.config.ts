import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['test/captures/**/*.test.ts'], pool: 'forks', testTimeout: 120_000 },
});
