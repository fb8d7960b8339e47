// What load balancers and orchestrators ask, without a token.

/** By name, things that a listener needs: `ok`, or a word for what is wrong with it. Clients without a token may read it. */
export type Checks = Readonly<Record<string, string>>;

export function areOk(checks: Checks): boolean {
  return Object.values(checks).every((check) => check === 'ok');
}

export interface ProbeAnswer {
  readonly status: 200 | 503;
  readonly body: object;
}

/**
 * By path. `/live`, `/healthz`: the process answers. `/readyz`: what it takes to do the work is there; `/ready`: the same, with
 * each thing that it takes.
 */
export function probes(checks: () => Checks): ReadonlyMap<string, () => ProbeAnswer> {
  const always = (status: string) => (): ProbeAnswer => ({ status: 200, body: { status } });
  return new Map([
    ['/live', always('alive')],
    ['/healthz', always('ok')],
    ['/readyz', () => readiness(checks(), (ready) => ({ status: ready ? 'ready' : 'degraded' }))],
    ['/ready', () => readiness(checks(), (ready, found) => ({ ready, checks: found }))],
  ]);
}

function readiness(checks: Checks, body: (ready: boolean, checks: Checks) => object): ProbeAnswer {
  const ready = areOk(checks);
  return { status: ready ? 200 : 503, body: body(ready, checks) };
}
