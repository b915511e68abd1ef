// Waits for a list, but not for one that the API server refuses: that takes a person to change.

import type { Informer } from '../../kube/cluster.ts';
import { pause } from '../../kube/pause.ts';
import { codeOf } from '../../lib/errors.ts';

/** How often a list that does not come is looked at. */
const LOOK_MS = 100;

/** Resolves when the list is complete, or refused; rejects when the signal aborts. A refused one may still come later. */
export async function listedOrRefused(informer: Informer, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const listed = informer.synced().finally(() => done.abort());
  const ended = AbortSignal.any([done.signal, signal]);
  async function refused(): Promise<void> {
    while (!ended.aborted && codeOf(informer.trouble) !== 'FORBIDDEN') await pause(LOOK_MS, ended);
  }
  // It goes on when the other one wins, and then has nobody to tell of its failure.
  listed.catch(() => undefined);
  await Promise.race([listed, refused()]);
  done.abort();
  signal.throwIfAborted();
}
