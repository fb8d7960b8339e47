// Rows by the id of what they belong to, in the order in which they are given.

import { NONE } from '../arrow/columns.js';
import type { Scratch } from '../arrow/scratch.js';

/** How sparse ids may be to be looked up in an array: those of the reference are consecutive. */
const SPARSE_IDS = 1 << 16;

export class Groups {
  /** Rows of the first group, then those of the second, and so on. */
  readonly rows: Uint32Array;
  /** Where each group starts among `rows`; and where the last one ends. */
  readonly starts: Uint32Array;
  /** Group of each id where ids are sparse; else an id is its group. */
  readonly #groupBySparseId: ReadonlyMap<number, number> | undefined;

  /** `order` lists each index of `parentIds` once; without it they are taken as they lie. */
  constructor(parentIds: Uint32Array, order: Uint32Array | undefined, scratch: Scratch) {
    let maxId = 0;
    for (let i = 0; i < parentIds.length; i++) if (parentIds[i]! > maxId) maxId = parentIds[i]!;
    if (maxId < 4 * parentIds.length + SPARSE_IDS) {
      this.starts = scratch.zeros(parentIds.length === 0 ? 1 : maxId + 2);
      this.rows = counted(parentIds, order, this.starts, scratch);
    } else {
      const groups = new Map<number, number>();
      for (const id of parentIds) if (!groups.has(id)) groups.set(id, groups.size);
      this.#groupBySparseId = groups;
      this.starts = scratch.zeros(groups.size + 1);
      this.rows = counted(
        parentIds.map((id) => groups.get(id)!),
        order,
        this.starts,
        scratch,
      );
    }
  }

  /** How many groups there may be; some are empty. */
  get count(): number {
    return this.starts.length - 1;
  }

  /** The group of an id; NONE when nothing belongs to it. */
  groupOf(id: number): number {
    const group = this.#groupBySparseId === undefined ? id : (this.#groupBySparseId.get(id) ?? NONE);
    return group >= this.count || this.starts[group] === this.starts[group + 1] ? NONE : group;
  }
}

/**
 * Sorts `order`, or all indices of `groups`, by group; equal ones stay as they lie. Leaves in `starts` where each group
 * starts.
 */
export function counted(
  groups: Uint32Array,
  order: Uint32Array | undefined,
  starts: Uint32Array,
  scratch: Scratch,
): Uint32Array {
  for (let i = 0; i < groups.length; i++) starts[groups[i]! + 1]!++;
  for (let group = 1; group < starts.length; group++) starts[group]! += starts[group - 1]!;
  const next = scratch.words(starts.length);
  next.set(starts);
  const sorted = scratch.words(groups.length);
  if (order === undefined) {
    for (let row = 0; row < groups.length; row++) sorted[next[groups[row]!]!++] = row;
    return sorted;
  }
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!;
    sorted[next[groups[row]!]!++] = row;
  }
  return sorted;
}
