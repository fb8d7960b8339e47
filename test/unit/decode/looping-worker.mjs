// A decode thread with a mistake planted: it is never done with a malformed body.

import { parentPort } from 'node:worker_threads';
import '../../../dist/decode/decode-worker.js';

const post = parentPort.postMessage.bind(parentPort);
parentPort.postMessage = (answer, transfer) => {
  while ('failure' in answer);
  post(answer, transfer);
};
