// Entry of a read thread: tasks in, answers out, one task at a time.

import { parentPort, workerData } from 'node:worker_threads';
import { FileReader } from './file-reader.js';
import type { ReadRequest } from './read-pool.js';
import type { ReadAnswer } from './read-task.js';

const reader = new FileReader(workerData as number, (answer: ReadAnswer) => {
  const buffers = answer.kind === 'rows' ? answer.rows.flatMap(({ fixed, texts }) => [fixed, texts]) : [];
  parentPort!.postMessage(answer, buffers);
});

parentPort!.on('message', (request: ReadRequest) => {
  if ('close' in request) reader.close(request.close);
  else reader.read(request);
});
