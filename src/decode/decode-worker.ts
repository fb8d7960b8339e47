// Entry of a decode thread: requests in, packed rows or a failure out, one at a time.

import { parentPort, workerData } from 'node:worker_threads';
import { Failure, messageOf } from '../base/failure.js';
import { packRows } from '../buffer/packed-rows.js';
import type { DecodeAnswer, DecodeTask } from './decode-pool.js';
import { type DecoderOptions, RequestDecoder } from './request-decoder.js';

const decoder = new RequestDecoder(workerData as DecoderOptions);

parentPort!.on('message', ({ request, spare }: DecodeTask) => {
  let answer: DecodeAnswer;
  try {
    answer = { packed: packRows(decoder.decode(request), spare) };
  } catch (error) {
    // A class does not survive the way between threads; its kind and message do.
    answer = { failure: { kind: error instanceof Failure ? error.kind : 'internal', message: messageOf(error) } };
  }
  parentPort!.postMessage(answer, 'packed' in answer ? [answer.packed.buffer] : []);
});
