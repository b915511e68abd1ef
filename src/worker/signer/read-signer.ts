// Reads what the key of a stopped node has signed, for the controller to keep on record.

import type { ReadSignerParameters } from '../../api/worker-task.ts';
import { Dir } from '../files/dir.ts';
import { latestOf, readSignerFiles, type SignerFile } from './signer-file.ts';

/**
 * The latest of the files; undefined when there is none. While a node runs on a key of its own, the state of the Secret's
 * key lies in the copy beside; the later of both is at or above either, so it is never too low for the key.
 */
export function readSigner({ at, paths }: Omit<ReadSignerParameters, 'verb'>): SignerFile | undefined {
  const root = Dir.openRoot(at);
  try {
    return latestOf(readSignerFiles(root, paths));
  } finally {
    root.closeAll();
  }
}
