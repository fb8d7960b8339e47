// Rows by the id of what they belong to, in the order in which they are given.

import { NONE } from './columns.js';

/** How sparse ids may be to be looked up in an array: those of the reference are consecutive. */
const SPARSE_IDS = 1 << 16;

export class Groups {
  /** Rows of the first group, then those of the second, and so on. */
  readonly rows: Uint32Array;
  /** Where each group starts among `rows`; and where the last one ends. */
  readonly starts: Uint32Array;
  readonly #groupOf: (id: number) => number | undefined;

  /** `order` lists each index of `parentIds` once. */
  constructor(parentIds: Uint32Array, order: Uint32Array) {
    let maxId = 0;
    for (let i = 0; i < parentIds.length; i++) if (parentIds[i]! > maxId) maxId = parentIds[i]!;
    if (maxId < 4 * parentIds.length + SPARSE_IDS) {
      this.#groupOf = (id) => (id <= maxId ? id : undefined);
      this.starts = new Uint32Array(parentIds.length === 0 ? 1 : maxId + 2);
      this.rows = counted(parentIds, order, this.starts);
    } else {
      const groups = new Map<number, number>();
      for (const id of parentIds) if (!groups.has(id)) groups.set(id, groups.size);
      this.#groupOf = (id) => groups.get(id);
      this.starts = new Uint32Array(groups.size + 1);
      this.rows = counted(
        parentIds.map((id) => groups.get(id)!),
        order,
        this.starts,
      );
    }
  }

  /** How many groups there may be; some are empty. */
  get count(): number {
    return this.starts.length - 1;
  }

  /** The group of an id; NONE when nothing belongs to it. */
  groupOf(id: number): number {
    if (id === NONE) return NONE;
    const group = this.#groupOf(id);
    return group === undefined || group >= this.count || this.starts[group] === this.starts[group + 1] ? NONE : group;
  }
}

/** Sorts `order` by group, equal ones as they lie there. Leaves in `starts` where each group starts. */
export function counted(groups: Uint32Array, order: Uint32Array, starts: Uint32Array): Uint32Array {
  for (let i = 0; i < groups.length; i++) starts[groups[i]! + 1]!++;
  for (let group = 1; group < starts.length; group++) starts[group]! += starts[group - 1]!;
  const next = starts.slice();
  const sorted = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!;
    sorted[next[groups[row]!]!++] = row;
  }
  return sorted;
}

/** 0, 1, 2, … */
export function ascending(length: number): Uint32Array {
  const order = new Uint32Array(length);
  for (let i = 0; i < length; i++) order[i] = i;
  return order;
}
