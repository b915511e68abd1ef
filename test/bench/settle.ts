// When the controller has come to rest.

import { git } from '../support/git-repo.ts';
import type { Stage } from './stage.ts';
import { until } from './wait.ts';

/** Waits until it has published something and then, for `quietMs`, nothing more. */
export async function settle({ server, repo }: Stage, quietMs: number): Promise<void> {
  const began = performance.now();
  await until('the controller to come to rest', 180_000, () => {
    const lastPush = server.requests.findLast(({ service }) => service === 'git-receive-pack')?.at ?? 0;
    return performance.now() - Math.max(lastPush, began) > quietMs && statusCommits(repo) > 0;
  });
}

/** Commits on the status branch. */
export function statusCommits(repo: string): number {
  const branch = git(repo, ['for-each-ref', '--format=%(refname)', 'refs/heads/nodewright-status']);
  return branch === '' ? 0 : Number(git(repo, ['rev-list', '--count', branch]));
}
