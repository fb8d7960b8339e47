interface Runs {
  readonly numRuns: number;
  readonly interruptAfterTimeLimit: number;
  readonly endOnFailure: boolean;
}

const multiple = Number(process.env['OTELDUCK_PROPERTY_RUNS'] ?? 1);

/**
 * How often a property is tried. OTELDUCK_PROPERTY_RUNS multiplies it: 1 is `npm test`, 100 takes hours. Looking for
 * the smallest request that fails ends after some time with the smallest found so far.
 */
export function propertyRuns(runs: number): Runs {
  return { numRuns: Math.ceil(runs * multiple), interruptAfterTimeLimit: 20_000 * multiple, endOnFailure: false };
}

/** The same for properties of damaged bodies: damage is not the same in a smaller body, so none is looked for. */
export function damagedRuns(runs: number): Runs {
  return { ...propertyRuns(runs), endOnFailure: true };
}
