// What every Restore gives its worker, wherever the data comes from.

import type { JobTarget } from '../../api/job-status.ts';
import type { RestoreParameters, TaskParameters } from '../../api/worker-task.ts';
import type { JobView } from '../model/job-kind.ts';
import type { RestoreSource } from '../model/observation.ts';

/** What the copy must be of. */
export function expectation(
  target: JobTarget,
  { manifestSha256 }: Pick<RestoreSource, 'manifestSha256'>,
): Extract<TaskParameters, { verb: 'restore' }>['expect'] {
  const { chain, network, chainId } = target;
  return {
    chain,
    ...(network === undefined ? {} : { network }),
    ...(chainId === undefined ? {} : { chainId }),
    ...(manifestSha256 === undefined ? {} : { manifestSha256 }),
  };
}

/**
 * What lies in a CITA-Cloud node's folder and is the node's own: its configuration and keys, and the consensus logs,
 * which say what it has voted for.
 */
const OWN_FILES = ['config.toml', 'private_key', 'node_address', 'validator_address', 'overlord_wal', 'raft-data-dir'];

export function ownFilesOf(
  { node, deployMethod }: JobTarget,
  { observed }: JobView,
): Pick<RestoreParameters, 'keep' | 'signerState'> {
  if (deployMethod !== 'managed') return { keep: OWN_FILES.map((path) => ({ volume: 'data', path })), signerState: [] };
  const { identityFiles = [], signerState = [] } = observed.targets.get(node)?.answers ?? {};
  return { keep: [...identityFiles], signerState: [...signerState] };
}
