// An engine that does what a test asks of it. JavaScript, because threads load no TypeScript.

import { threadId } from 'node:worker_threads';
import { Failure } from '../../dist/base/failure.js';

let times = 0;

const work = {
  async echo({ value }) {
    const bytes = new Uint8Array([1, 2, 3]);
    return { value: { value, bytes }, transfer: [bytes.buffer] };
  },
  async who(_request, { principal, home }) {
    return { value: { tenant: principal.tenant, permissions: [...principal.permissions], home } };
  },
  /** An answer of so many bytes. */
  async bytes({ count }) {
    const bytes = new Uint8Array(count);
    return { value: bytes, transfer: [bytes.buffer] };
  },
  /** Takes and gives back bytes when it has failed, as a part may that nobody waits for. */
  async late({ bytes }, { report }) {
    setImmediate(() => {
      for (const change of [() => report.reserveBytes(bytes), () => report.releaseBytes(2 * bytes)]) {
        try {
          change();
        } catch {}
      }
    });
    throw new Failure('malformed', 'too early');
  },
  /** How often the thread was asked this. */
  async times() {
    return { value: ++times };
  },
  async thread() {
    return { value: threadId };
  },
  /** Sums the first column of a scan. */
  async sum({ sql, parameters, stopAfter = Infinity }, { scanner, signal, report }) {
    let sum = 0;
    let rows = 0;
    for await (const { rowCount, columns } of scanner.scan({ sql, parameters }, signal)) {
      report.countSamples(rowCount);
      for (const value of columns[0].values) sum += Number(value);
      rows += rowCount;
      if (rows >= stopAfter) break;
    }
    return { value: { sum, rows } };
  },
  /** Reads two scans by turns, so that each waits for the other. */
  async zip({ sql }, { scanner, signal }) {
    const scans = [0, 1].map(() => scanner.scan({ sql }, signal)[Symbol.asyncIterator]());
    let rows = 0;
    for (;;) {
      for (const scan of scans) {
        const { done, value } = await scan.next();
        if (done) return { value: rows };
        rows += value.rowCount;
      }
    }
  },
  async emit({ count }, { emit }) {
    for (let i = 0; i < count; i++) {
      const values = new Float64Array([i]);
      await emit({ rowCount: 1, columns: [{ kind: 'double', values, valid: undefined }] }, [values.buffer]);
    }
    return { value: 'done' };
  },
  async emitThenFail(_request, { emit }) {
    await emit(1);
    throw new Failure('malformed', 'no more');
  },
  async hold({ bytes }, { report, signal }) {
    report.reserveBytes(bytes);
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    return { value: undefined };
  },
  async reserve({ bytes }, { report }) {
    report.reserveBytes(bytes);
    report.releaseBytes(bytes / 2);
    return { value: 'reserved' };
  },
  /** A loop that gives the thread's event loop no turn, and looks whether it has ended. */
  async loop(_request, { report }) {
    for (;;) report.throwIfEnded();
  },
  /** A loop that does not even look. */
  async spin() {
    for (;;);
  },
  async fail({ kind, message }) {
    throw kind === undefined ? new Error(message) : new Failure(kind, message);
  },
  async crash() {
    setImmediate(() => {
      throw new Error('out of the blue');
    });
    await new Promise(() => {});
  },
};

export function run(request, context) {
  return work[request.work](request, context);
}
