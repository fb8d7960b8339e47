// The tables of one BatchArrowRecords, and what is needed to make rows of them.

import type { Columns } from '../arrow/columns.js';
import { AttributeObjects, type AttributeWriters, KeyMemory } from './attributes.js';
import type { PayloadName } from './payload-types.js';

export interface Payloads {
  readonly writers: AttributeWriters;
  get(name: PayloadName): Columns | undefined;
  /** The attributes in a table; undefined when it is absent. */
  attributes(name: PayloadName): AttributeObjects | undefined;
}

export class MessagePayloads implements Payloads {
  readonly writers: AttributeWriters;
  readonly #columns = new Map<PayloadName, Columns>();
  readonly #keys = new Map<PayloadName, KeyMemory>();

  constructor(writers: AttributeWriters) {
    this.writers = writers;
  }

  get all(): ReadonlyMap<PayloadName, Columns> {
    return this.#columns;
  }

  clear(): void {
    this.#columns.clear();
  }

  has(name: PayloadName): boolean {
    return this.#columns.has(name);
  }

  set(name: PayloadName, columns: Columns): void {
    this.#columns.set(name, columns);
  }

  get(name: PayloadName): Columns | undefined {
    return this.#columns.get(name);
  }

  attributes(name: PayloadName): AttributeObjects | undefined {
    const columns = this.#columns.get(name);
    if (columns === undefined) return undefined;
    let memory = this.#keys.get(name);
    if (memory === undefined) {
      memory = new KeyMemory();
      this.#keys.set(name, memory);
    }
    return new AttributeObjects(this.writers, columns, memory);
  }
}
