import { Slots } from '../../base/slots.js';

/**
 * How many statements of queries DuckDB works on at once, over all engines. A slot is held while DuckDB works, and not while
 * whoever reads a result makes something of it. Statements wait without bound: the queries that they belong to are bounded.
 */
export class StatementSlots extends Slots {
  constructor(slots: number) {
    super('statements', { slots, maxWaiting: Number.POSITIVE_INFINITY });
  }

  set count(slots: number) {
    this.limits = { slots, maxWaiting: Number.POSITIVE_INFINITY };
  }
}
