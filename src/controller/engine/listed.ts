// Waits for a list, but not for one that RBAC denies: only an administrator can change that.

import type { Informer } from '../../kube/cluster.ts';
import { pause } from '../../kube/pause.ts';
import { codeOf } from '../../lib/errors.ts';

/** How often a list that is not complete is checked for a refusal. */
const CHECK_MS = 100;

/** Resolves when the list is complete, or refused; rejects when the signal aborts. A refused one may still come later. */
export async function listedOrRefused(informer: Informer, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const listed = informer.synced().finally(() => done.abort());
  const ended = AbortSignal.any([done.signal, signal]);
  async function refused(): Promise<void> {
    while (!ended.aborted && codeOf(informer.trouble) !== 'FORBIDDEN') await pause(CHECK_MS, ended);
  }
  // It continues when the other promise wins; its failure is then of no interest.
  listed.catch(() => undefined);
  await Promise.race([listed, refused()]);
  done.abort();
  signal.throwIfAborted();
}
