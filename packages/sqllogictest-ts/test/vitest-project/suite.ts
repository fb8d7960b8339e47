import { sqllogictestSuite } from '../../src/vitest.js';

sqllogictestSuite({ files: 'files', workingDirectory: import.meta.dirname, timeoutMs: 30_000 });
