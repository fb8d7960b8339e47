import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * Below the ports that a system gives to clients and to who asks for port 0: those are drawn all the time by tests that
 * run beside this one, and might be gone before the server that they are for listens.
 */
const FIRST_PORT = 10_000;
/** Each of Vitest's processes draws from ports of its own. */
const PORTS_PER_PROCESS = 1_000;
const PROCESSES = 22;

/**
 * Ports that this process has drawn. A server may take seconds until it listens, and another one's port, drawn meanwhile, was
 * once the same.
 */
const drawn = new Set<number>();

/** Ports that nobody listens on at the moment, and that were not drawn before. */
export async function freePorts(count: number): Promise<number[]> {
  const first = FIRST_PORT + (Number(process.env['VITEST_POOL_ID'] ?? 0) % PROCESSES) * PORTS_PER_PROCESS;
  const held = new Map<number, Server>();
  while (held.size < count) {
    if (drawn.size === PORTS_PER_PROCESS) throw new Error(`all ${PORTS_PER_PROCESS} ports from ${first} on were drawn`);
    const port = first + Math.floor(Math.random() * PORTS_PER_PROCESS);
    if (drawn.has(port)) continue;
    drawn.add(port);
    const listener = await listenerOn(port);
    if (listener !== undefined) held.set(port, listener);
  }
  await Promise.all([...held.values()].map((listener) => once(listener.close(), 'close')));
  return [...held.keys()];
}

/** Undefined when the port is taken. */
async function listenerOn(port: number): Promise<Server | undefined> {
  const listener = createServer().listen(port, '127.0.0.1');
  try {
    await once(listener, 'listening');
    return listener;
  } catch {
    return undefined;
  }
}
