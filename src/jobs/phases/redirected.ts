// Whether a status leads a job elsewhere than its request: others may write to it, and it says what the job works on.

import type { JobTarget, JobVolume } from '../../api/job-status.ts';
import { isFinal } from '../../api/job-phase.ts';
import { API_VERSION } from '../../api/group.ts';
import { sameJson } from '../../lib/stable-json.ts';
import { layoutOf } from '../layouts/index.ts';
import type { Workload } from '../model/effect.ts';
import type { OpenJob } from '../model/job-kind.ts';
import { locksOf } from '../model/locks.ts';
import type { Scope } from '../model/scope.ts';
import type { JobInput } from './machine.ts';

/**
 * What the status names that neither the claimed spec nor the nodes as they are name: a lock, a node, a workload, a PVC, root.
 * Asked again before each step, so that nothing is done to it. A volume of another tool's workload that is gone cannot be
 * compared. An exchange compares its identities itself.
 */
export function whyRedirected({ spec, ...input }: JobInput): string | undefined {
  const scope: Scope = { ...input, open: input.kind.open(spec) };
  const { open, status } = scope;
  if (isFinal(status.phase ?? 'Pending')) return undefined;
  const { deployMethod, chain = '' } = open.common;
  const needed = locksOf({ deployMethod, chain, nodes: open.nodes });
  const lock = status.locks?.find((one) => !needed.includes(one));
  if (lock !== undefined) return `status.locks names ${lock}, which this job does not need`;
  for (const target of status.targets ?? []) {
    const why = otherTarget(target, scope);
    if (why !== undefined) return why;
  }
  return undefined;
}

function otherTarget(target: JobTarget, { open, observed }: Scope): string | undefined {
  const { node, workload, volumes, uid } = target;
  const says = (what: string): string => `status.targets names ${what}, which ${node} does not have`;
  if (!open.nodes.includes(node)) return `status.targets names ${node}, which spec does not`;
  const expected = workloadOf(node, open);
  if (target.deployMethod !== open.common.deployMethod || !sameJson(workload, expected))
    return says(`the ${workload.kind} ${workload.name} (${target.deployMethod})`);
  const now = targetNow(node, observed);
  const volume = volumes.find((one) => !isOwnVolume(one, { node, open, now }));
  if (volume !== undefined) return says(`the PVC ${volume.claim}${inFolder(volume)} as its volume ${volume.name}`);
  // Another one may come from a change of the node meanwhile.
  return uid === 0 && now !== undefined && now.uid !== 0 ? says('the user root') : undefined;
}

function targetNow(node: string, { targets }: Scope['observed']): JobTarget | undefined {
  const found = targets.get(node)?.found;
  return found?.ok === true ? found.target : undefined;
}

function workloadOf(node: string, { common: { deployMethod, chain = '' } }: OpenJob): Workload {
  const layout = layoutOf(deployMethod);
  return layout?.workload({ chain, node }) ?? { apiVersion: API_VERSION, kind: 'BlockchainNode', name: node };
}

interface Owner {
  readonly node: string;
  readonly open: OpenJob;
  /** As it is now; undefined when it cannot be read. */
  readonly now: JobTarget | undefined;
}

/** A PVC of a managed node may be gone meanwhile: then its name says whose it is, if no `-` in it makes that ambiguous. */
function isOwnVolume({ name, claim, subPath }: JobVolume, { node, open, now }: Owner): boolean {
  const isThere = now?.volumes.some((one) => one.name === name && one.claim === claim && one.subPath === subPath);
  if (isThere === true) return true;
  if (open.common.deployMethod !== 'managed') return now === undefined;
  return claim === `${name}-${node}-0` && subPath === undefined && !name.includes('-');
}

function inFolder({ subPath }: JobVolume): string {
  return subPath === undefined ? '' : ` (folder ${subPath})`;
}
