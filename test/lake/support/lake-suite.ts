import { describe } from 'vitest';
import { missingReason, type Need } from './test-servers.js';

/** Servers start, and are slow to answer on a machine that does more besides. */
const TEST_TIMEOUT_MS = 120_000;

/** A `describe` whose tests run where what they need can be had, and else are skipped under a name that says why. */
export function lakeSuite(name: string, needs: readonly Need[], tests: () => void): void {
  const reason = missingReason(...needs);
  if (reason === undefined) describe(name, { timeout: TEST_TIMEOUT_MS }, tests);
  else describe.skip(`${name} (skipped: ${reason})`, tests);
}
