/** How often a property is tried. OTELDUCK_PROPERTY_RUNS multiplies it: 1 is `npm test`, 100 takes hours. */
export function propertyRuns(runs: number): { numRuns: number } {
  return { numRuns: Math.ceil(runs * Number(process.env['OTELDUCK_PROPERTY_RUNS'] ?? 1)) };
}
