// A status branch that someone deleted, moved back or replaced: the controller writes it again, and says that its history is lost.

import { timestamp } from '../../lib/timestamp.ts';
import type { PublishResult } from '../../git/engine.ts';
import type { ProblemView } from '../../status/fleet-view.ts';
import { emitAboutLease } from '../engine/lease-events.ts';
import type { PublishDeps } from './deps.ts';

/** How long the branch itself says so. The memory keeps the last loss. */
const SHOWN_MS = 86_400_000;

interface Loss {
  /** `missing`: a controller that has worked before found nothing of it when it started. */
  readonly how: NonNullable<PublishResult['lost']> | 'missing';
  /** The last commit that is known of it. */
  readonly last?: string | undefined;
}

const WORDS = {
  deleted: 'was deleted',
  rewound: 'was moved back',
  replaced: 'was replaced by another history',
  missing: 'had nothing of this executor when the controller started, which has worked before',
} as const;

type LossDeps = Pick<PublishDeps, 'events' | 'memory' | 'notify' | 'runtime' | 'settings'>;

/** The commit that was pushed does not say it yet: the next one does. */
export async function noteLostBranch({ how, last }: Loss, deps: LossDeps): Promise<void> {
  const { memory, notify, runtime, settings } = deps;
  const at = timestamp(runtime.now());
  const known = last === undefined ? 'Its last commit is not known' : `The last commit known of it is ${last}`;
  const message = `The status branch ${WORDS[how]}; this was seen at ${at}. ${known}. The controller writes its own folder again; those of other executors come back with their controllers. History, and records of jobs that no controller knows, are lost.`;
  runtime.log.warn({ executor: settings.executor, how, lastCommit: last }, 'Lost status branch');
  emitAboutLease({ type: 'Warning', reason: 'StatusBranchLost', message, state: 'branch' }, deps);
  await memory.save(() => ({ branchLost: `${at} ${message}` }));
  notify('GitStateChanged', {});
}

/** For a day. */
export function lostBranch({ memory, runtime }: Pick<PublishDeps, 'memory' | 'runtime'>): readonly ProblemView[] {
  const { branchLost = '' } = memory.current;
  const space = branchLost.indexOf(' ');
  const at = Date.parse(branchLost.slice(0, space));
  if (!(runtime.now() - at < SHOWN_MS)) return [];
  const message = branchLost.slice(space + 1);
  return [{ level: 'warning', code: 'StatusBranchLost', file: 'fleet.yaml', line: 1, column: 1, message }];
}
