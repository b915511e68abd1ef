// Commits that swap the identities of two nodes: carried out as a Switchover, which the controller requests by itself.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { ANNOTATION, API_VERSION } from '../../api/group.ts';
import { type JobObject, jobKeyOf, nodeKeyIn } from '../../api/job-object.ts';
import { isFinal } from '../../api/job-phase.ts';
import { keyOf } from '../../api/objects.ts';
import type { DesiredNode, DesiredRequest, DesiredSet } from '../../desired/desired-set.ts';
import { exchangesIn, type NodeIdentity } from '../../jobs/key-exchange/identity-override.ts';
import { findJobKind } from '../../jobs/kinds/index.ts';
import { fit } from '../../jobs/model/names.ts';
import type { JobRecord } from '../../jobs/requests/record.ts';
import { clip } from '../../lib/clip.ts';
import { digestOf, sha256 } from '../../lib/hash.ts';
import { sameJson } from '../../lib/stable-json.ts';
import { swapOf } from '../../plan/guards-identity.ts';
import type { Pulled } from '../fleet/state.ts';
import type { RequestsDeps } from './deps.ts';
import { isOpen } from './records/open-jobs.ts';

type SwapDeps = Pick<RequestsDeps, 'watches' | 'jobs' | 'identities' | 'memory' | 'settings'>;

/**
 * One Switchover for each pair, by `Switchover/namespace/name`. Its name is made from the revision that the nodes are at:
 * the same exchange is filed once, and a later exchange of the same nodes is another request.
 */
export function identitySwapRequests(
  { desired }: Pulled,
  { watches, jobs, identities, memory, settings: { executor } }: SwapDeps,
): ReadonlyMap<string, DesiredRequest> {
  const before = new Map(
    watches.nodes
      .list()
      .filter(({ spec }) => spec.executor === executor)
      .map((node) => [keyOf(node), node]),
  );
  const pairs = exchangesIn({
    before: [...before].map(identityOf),
    inGit: [...desired.nodes]
      .filter(([, { node }]) => node.spec.executor === executor)
      .map(([key, { node }]) => identityOf([key, node])),
    overrides: identities.overrides(),
  });
  const filed = pairs.flatMap(([source, dest]) => {
    const [from, to] = [before.get(source), before.get(dest)];
    const declared = desired.nodes.get(source);
    if (from === undefined || to === undefined || declared === undefined) return [];
    if (from.metadata.namespace !== to.metadata.namespace) return [];
    const [sourceNode, destNode] = [from.metadata.name, to.metadata.name];
    const { file, line } = declared;
    const place = { name: nameOf(from, to), namespace: from.metadata.namespace, file, line, executor };
    return [switchoverOf({ sourceNode, destNode }, place)];
  });
  const underWay = jobs
    .list()
    .filter((job) => isUnderWay(job) && isOpen(job, memory))
    .flatMap((job) => stillDeclared(job, desired, executor) ?? []);
  return new Map([...filed, ...underWay].map((one) => [jobKeyOf(one.request), one]));
}

/** For the hold of the change: a Switchover that has ended is not filed again, because it has the same name. */
export function noteEndedSwaps(
  swaps: ReadonlyMap<string, DesiredRequest>,
  { records, fleet, notify }: Pick<RequestsDeps, 'records' | 'fleet' | 'notify'>,
): void {
  const ended = new Map(
    [...swaps].flatMap(([key, { request }]) => {
      const record = records.pushedAll().get(key);
      if (record === undefined || record === 'unreadable' || !isFinal(record.phase) || record.phase === 'Complete')
        return [];
      const nodes = [request.spec['sourceNode'], request.spec['destNode']].map((node) =>
        nodeKeyIn(request, typeof node === 'string' ? node : ''),
      );
      const [source = '', dest = ''] = nodes;
      return [[swapOf(source, dest), describeEnd(record)] as const];
    }),
  );
  if (sameJson([...ended], [...fleet.endedSwaps])) return;
  fleet.endedSwaps = ended;
  notify('IdentitiesChanged', { nodeKeys: [] });
}

function describeEnd({ kind, namespace, name, phase, reason, message }: JobRecord): string {
  const why = [reason, message].filter((text) => text !== undefined && text !== '').join(': ');
  return `the Switchover of it, ${kind} ${namespace}/${name}, ended ${phase}${why === '' ? '' : ` (${clip(why, 300)})`}`;
}

function isUnderWay({ kind, status }: JobObject): boolean {
  return kind === 'Switchover' && !isFinal(status?.phase ?? 'Pending');
}

/**
 * One that was filed and has not ended, while the files say what it results in: once the keys are exchanged, the pair
 * shows no longer, and its commit would look as if it had been taken back.
 */
function stillDeclared(job: JobObject, { nodes }: DesiredSet, executor: string): DesiredRequest | undefined {
  const [source, dest] = job.status?.targets ?? [];
  if (source === undefined || dest === undefined) return undefined;
  const { name, namespace } = job.metadata;
  const [declared, other] = [source, dest].map(({ node }) => nodes.get(nodeKeyIn(job, node)));
  if (declared === undefined || !isSourceOf(job, declared, executor)) return undefined;
  if (identityIn(declared) !== dest.identity || identityIn(other) !== source.identity) return undefined;
  const { file, line } = declared;
  return switchoverOf({ sourceNode: source.node, destNode: dest.node }, { name, namespace, file, line, executor });
}

/** The file that the job was filed for still gives the node to this executor. */
function isSourceOf({ metadata }: JobObject, { node, file }: DesiredNode, executor: string): boolean {
  return node.spec.executor === executor && file === metadata.annotations?.[ANNOTATION.file];
}

/** The Secret that the node's file names. */
function identityIn(declared: DesiredNode | undefined): string | undefined {
  return declared?.node.spec.identity?.secretName;
}

function identityOf([node, { spec }]: readonly [string, BlockchainNode]): NodeIdentity {
  return { node, identity: spec.identity?.secretName };
}

function nameOf(source: BlockchainNode, dest: BlockchainNode): string {
  const at = [source, dest].map((node) => node.metadata.annotations?.[ANNOTATION.revision] ?? node.metadata.uid);
  const digest = sha256(JSON.stringify(at)).slice(0, 8);
  return fit(`exchange-${source.metadata.name}-${dest.metadata.name}-${digest}`, 63);
}

interface Place extends Pick<DesiredRequest, 'file' | 'line' | 'executor'> {
  readonly name: string;
  readonly namespace: string | undefined;
}

function switchoverOf(
  nodes: { readonly sourceNode: string; readonly destNode: string },
  { name, namespace, file, line, executor }: Place,
): DesiredRequest {
  const asked = { ...nodes, deployMethod: 'managed' };
  const spec = findJobKind('Switchover')?.spec.parse(asked) ?? asked;
  return {
    request: {
      apiVersion: API_VERSION,
      kind: 'Switchover',
      metadata: { name, ...(namespace === undefined ? {} : { namespace }), annotations: { [ANNOTATION.file]: file } },
      spec: { ...spec, executor },
    },
    executor,
    file,
    line,
    specDigest: digestOf({ kind: 'Switchover', spec: asked }),
  };
}
