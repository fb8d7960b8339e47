import type { DuckDBPlugin } from './plugin.js';

export type { AttachedPlugin, ClosedWork, DuckDBPlugin } from './plugin.js';

export const otlp: DuckDBPlugin = {
  name: 'otlp',
  attach: () => Promise.reject(new Error('under construction')),
};
