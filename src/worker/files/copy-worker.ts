// The worker thread: copies the files of a batch one after another.

import { parentPort, workerData } from 'node:worker_threads';

import { BUFFER_BYTES, copyFile } from './copy-file.ts';
import { CELL, type Batch, type BatchReply, type FileOutcome, type FileTask } from './file-task.ts';

const cells = new BigInt64Array(workerData as SharedArrayBuffer);
const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);

parentPort?.on('message', ({ sequence, tasks }: Batch) => {
  parentPort?.postMessage({ sequence, outcomes: tasks.map(perform) } satisfies BatchReply);
});

function perform(task: FileTask): FileOutcome {
  if (Atomics.load(cells, CELL.stop) !== 0n)
    return { ok: false, during: 'read', code: 'ECANCELED', message: 'stopped' };
  return copyFile(task, buffer, cells);
}
