interface Runs {
  readonly seed?: number;
  readonly numRuns: number;
  readonly interruptAfterTimeLimit: number;
  readonly endOnFailure: boolean;
}

const multiple = process.env['OTELDUCK_PROPERTY_RUNS'];

/**
 * How often a property is tried. `npm test` tries the same requests each time, so that its answer is about the code.
 * OTELDUCK_PROPERTY_RUNS=20 looks further: at others each time, and twenty times as many, which takes some minutes.
 * Looking for the smallest request that fails ends after some time with the smallest found so far.
 */
export function propertyRuns(runs: number): Runs {
  const times = Number(multiple ?? 1);
  return {
    ...(multiple === undefined ? { seed: 1 } : {}),
    numRuns: Math.ceil(runs * times),
    interruptAfterTimeLimit: 20_000 * times,
    endOnFailure: false,
  };
}

/** The same for properties of damaged bodies: damage is not the same in a smaller body, so none is looked for. */
export function damagedRuns(runs: number): Runs {
  return { ...propertyRuns(runs), endOnFailure: true };
}
