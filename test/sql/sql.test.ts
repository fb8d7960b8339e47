// The test files of this folder, each a test.

import { sqllogictestSuite } from '../../packages/sqllogictest-ts/src/vitest.js';
import { otlp } from '../../src/otlp.js';

sqllogictestSuite({ files: 'test/sql', requires: { otlp } });
