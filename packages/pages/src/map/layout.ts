// Services and calls → places: callers to the left of what they call, and calls across each other as few as a few sweeps make them.

import type { CallRow } from '../apis/pages.js';

export const NODE = { width: 168, height: 48 };
const GAP = { x: 92, y: 26 };
const MARGIN = 16;
const SWEEPS = 8;

export interface Place {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly places: ReadonlyMap<string, Place>;
  readonly width: number;
  readonly height: number;
}

export function layoutOf(calls: readonly CallRow[]): Layout {
  const names = [...new Set(calls.flatMap(({ client, server }) => [client, server]))];
  const calledBy = new Map(names.map((name) => [name, new Set<string>()]));
  const calling = new Map(names.map((name) => [name, new Set<string>()]));
  for (const { client, server } of calls) {
    if (client === server) continue;
    calling.get(client)!.add(server);
    calledBy.get(server)!.add(client);
  }
  const columns = columnsOf(names, calling);
  const lists: string[][] = [];
  for (const name of names) {
    const column = columns.get(name)!;
    lists[column] ??= [];
    lists[column].push(name);
  }
  const order = new Map<string, number>();
  const number = (list: readonly string[]) => {
    for (const [index, name] of list.entries()) order.set(name, index - (list.length - 1) / 2);
  };
  lists.forEach(number);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isForth = sweep % 2 === 0;
    for (const list of isForth ? lists : lists.toReversed()) {
      const middle = (name: string) => {
        const near = [...(isForth ? calledBy : calling).get(name)!];
        if (near.length === 0) return order.get(name)!;
        return near.reduce((sum, other) => sum + order.get(other)!, 0) / near.length;
      };
      const middles = new Map(list.map((name) => [name, middle(name)]));
      list.sort((left, right) => middles.get(left)! - middles.get(right)! || left.localeCompare(right, 'en'));
      number(list);
    }
  }
  const rows = Math.max(...lists.map(({ length }) => length), 1);
  const height = 2 * MARGIN + rows * NODE.height + (rows - 1) * GAP.y;
  const places = new Map<string, Place>();
  lists.forEach((list, column) => {
    const x = MARGIN + column * (NODE.width + GAP.x);
    for (const name of list) {
      places.set(name, { name, x, y: height / 2 + order.get(name)! * (NODE.height + GAP.y) - NODE.height / 2 });
    }
  });
  return { places, height, width: 2 * MARGIN + lists.length * NODE.width + (lists.length - 1) * GAP.x };
}

/** The longest way to each from where calls begin. A call back into a chain that it is part of is left out. */
function columnsOf(names: readonly string[], calling: ReadonlyMap<string, ReadonlySet<string>>): Map<string, number> {
  const state = new Map<string, 'open' | 'done'>();
  const after: string[] = [];
  const back = new Set<string>();
  const edge = (from: string, to: string) => JSON.stringify([from, to]);
  const called = new Set([...calling.values()].flatMap((servers) => [...servers]));
  const starts = [...names.filter((name) => !called.has(name)), ...names];
  for (const start of starts) {
    if (state.has(start)) continue;
    const open = [{ name: start, rest: [...calling.get(start)!] }];
    state.set(start, 'open');
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const next = top.rest.pop();
      if (next === undefined) {
        state.set(top.name, 'done');
        after.push(top.name);
        open.pop();
      } else if (state.get(next) === 'open') back.add(edge(top.name, next));
      else if (!state.has(next)) {
        state.set(next, 'open');
        open.push({ name: next, rest: [...calling.get(next)!] });
      }
    }
  }
  const columns = new Map(names.map((name) => [name, 0]));
  for (const name of after.toReversed()) {
    for (const server of calling.get(name)!) {
      if (back.has(edge(name, server))) continue;
      columns.set(server, Math.max(columns.get(server)!, columns.get(name)! + 1));
    }
  }
  return columns;
}
