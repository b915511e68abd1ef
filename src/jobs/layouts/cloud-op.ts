// The command lines of `cloud-op`, the CITA-Cloud tool that works on a stopped node's databases, by its version.

import { lookup } from '../../lib/lookup.ts';
import type { JobTarget } from '../../api/job-status.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import type { ToolPaths } from './layout.ts';

/** cloud-op finds the database engine by itself since 0.3, for RocksDB and OpenDAL alike. */
export const DEFAULT_TOOL_IMAGE = 'docker.io/citacloud/cloud-op:v0.3.1';

/** The tag says the version of cloud-op itself; job images of the older operator carry one of their own. */
const JOB_IMAGE_TOOLS: Readonly<Record<string, string>> = {
  'v0.0.1': '0.2.3', 'v0.0.2': '0.2.3', 'v0.0.3': '0.2.4', 'v0.0.4': '0.2.4', 'v0.0.5': '0.2.4', 'v0.0.6': '0.2.4', 'v0.0.7': '0.2.4', 'v0.0.8': '0.2.4',
}; // prettier-ignore

export interface Tool {
  readonly image: string;
  readonly version: readonly [number, number, number];
}

/** Which cloud-op runs: from `image` and its tag, or from the version the request gives. Never guessed. */
export function toolOf(image: string | undefined, version: string | undefined): Tool | Refusal {
  const reference = image ?? DEFAULT_TOOL_IMAGE;
  const known = version ?? versionOfImage(reference);
  const parts = known === undefined ? null : /^([0-9]+)\.([0-9]+)\.([0-9]+)$/.exec(known);
  if (parts === null)
    return refuse(
      'UnknownToolVersion',
      `the tag of ${reference} does not say which cloud-op it holds, and its verbs differ by version: set spec.toolVersion, e.g. "0.3.1"`,
    );
  return { image: reference, version: [Number(parts[1]), Number(parts[2]), Number(parts[3])] };
}

function versionOfImage(reference: string): string | undefined {
  const last = reference.split('/').at(-1)?.split('@')[0] ?? '';
  const [name = '', tag = ''] = last.split(':');
  if (name === 'cita-node-job') return lookup(JOB_IMAGE_TOOLS, tag);
  return name === 'cloud-op' ? /^v?([0-9]+\.[0-9]+\.[0-9]+)$/.exec(tag)?.[1] : undefined;
}

/**
 * How a rollback proves its height: what cloud-op prints, from its sources. 0.2.3 and 0.2.4 print none, but fail when
 * the height is not below the current one, so their success is the proof. Newer ones print "ignore rollback" and
 * succeed although they did nothing.
 */
export function heightProof(
  tool: Tool,
  height: number,
): { readonly heightPattern: string } | { readonly reaches: number } {
  if (before(tool, 0, 2, 5)) return { reaches: height };
  return isNew(tool)
    ? { heightPattern: 'rollback height: ([0-9]+)(?![^]*ignore rollback)[^]*executor rollback done!' }
    : { heightPattern: 'current height recover to: ([0-9]+)' };
}

/** The folder of a snapshot's volume into which cloud-op 0.2 writes a state; 0.3 makes one named after the height. */
export const STATE_FOLDER = 'state';

export interface ToolRequest {
  readonly tool: Tool;
  readonly target: JobTarget;
  readonly height: number;
  readonly paths: ToolPaths;
  /** Remove the consensus log, as a rollback of the whole chain needs. */
  readonly clean?: boolean;
}

/** Arguments that roll the node at `paths` back to a height. */
export function rollbackArgs({ tool, target, height, paths, clean = false }: ToolRequest): readonly string[] | Refusal {
  if (isNew(tool)) return ['rollback', String(height), ...placeArgs(paths), ...(clean ? ['--clean'] : [])];
  if (clean && before(tool, 0, 2, 4))
    return refuse('ToolTooOld', `cloud-op ${tool.version.join('.')} can't remove consensus data: use 0.2.4 or newer`);
  const services = serviceArgs(tool, target);
  if ('refused' in services) return services;
  return ['recover', String(height), ...placeArgs(paths), ...services, ...(clean ? ['--is-clear'] : [])];
}

/** Arguments that write the state at a height into `dest`. 0.3 writes `<dest>/<height>`, a full copy. */
export function snapshotArgs({ tool, target, height, paths }: ToolRequest, dest: string): readonly string[] | Refusal {
  if (isNew(tool)) return ['backup', String(height), ...placeArgs(paths), '--path', dest];
  const services = serviceArgs(tool, target);
  if ('refused' in services) return services;
  return ['state-backup', String(height), ...placeArgs(paths), '--backup-path', dest, ...services];
}

/** Arguments that read a state back that `state-backup` wrote; what 0.3 writes is copied instead. */
export function recoverArgs({ tool, target, height, paths }: ToolRequest, source: string): readonly string[] | Refusal {
  if (isNew(tool))
    return refuse(
      'ToolTooNew',
      `cloud-op ${tool.version.join('.')} has no state-recover: give the image that wrote the snapshot`,
    );
  const services = serviceArgs(tool, target);
  if ('refused' in services) return services;
  return ['state-recover', String(height), ...placeArgs(paths), '--backup-path', source, ...services];
}

/** Whether the tool has the verbs of 0.3: rollback, backup. */
export function isNew(tool: Tool): boolean {
  return !before(tool, 0, 3, 0);
}

function placeArgs({ nodeRoot, config }: ToolPaths): readonly string[] {
  return ['--node-root', nodeRoot, '--config-path', config];
}

function serviceArgs(tool: Tool, { crypto, consensus, node }: JobTarget): readonly string[] | Refusal {
  if (consensus === undefined)
    return refuse(
      'UnknownConsensus',
      `no container of ${node} has an image consensus_bft, consensus_raft or consensus_overlord, and cloud-op ${tool.version.join('.')} needs the consensus as an option: use cloud-op 0.3`,
    );
  if (consensus === 'bft' && !before(tool, 0, 2, 5))
    return refuse('ToolTooNew', `cloud-op ${tool.version.join('.')} does not know consensus bft: use 0.2.4`);
  return [...(crypto === undefined ? [] : ['--crypto', crypto]), '--consensus', consensus];
}

function before({ version: [major, minor, patch] }: Tool, ...[a, b, c]: [number, number, number]): boolean {
  if (major !== a) return major < a;
  return minor === b ? patch < c : minor < b;
}
