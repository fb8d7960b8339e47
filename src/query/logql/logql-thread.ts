// What a thread runs LogQL with: the engine over the table of logs.

import { LogStore } from '../logs/log-store.js';
import { logqlEngine } from './logql-engine.js';

export const run = logqlEngine(
  ({ scanner, principal, home }, indexAttributes) =>
    new LogStore({
      scanner,
      principal,
      home: JSON.stringify([home.catalog, home.schema]),
      options: { indexAttributes },
    }),
);
