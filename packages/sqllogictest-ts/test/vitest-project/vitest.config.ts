import { defineConfig } from 'vitest/config';

// biome-ignore lint/style/noDefaultExport: vitest reads its configuration from it
export default defineConfig({ test: { include: ['suite.ts'], pool: 'forks' } });
