import type { Reference } from './reference-rows.js';
import type { Scenario } from './scenarios.js';
import type { Target } from './targets.js';
import type { Wire } from './wires.js';
import { type Size, World, type WorldOutcome } from './world.js';

export interface ScenarioRun {
  readonly scenario: Scenario;
  readonly wire: Wire;
  readonly target: Target;
}

/** Runs a scenario on a target of its own in `folder`. Rejects when it could not be run to its end. */
export async function runScenario(
  { scenario, wire, target }: ScenarioRun,
  size: Size,
  reference: Reference,
  folder: string,
): Promise<WorldOutcome> {
  const world = await World.open(wire, target, size, reference, folder);
  try {
    await scenario.run(world);
  } catch (error) {
    await world.close();
    throw error;
  }
  return world.finish();
}
