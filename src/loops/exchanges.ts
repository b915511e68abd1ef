// Commits that exchange the identities of two nodes: carried out as a Switchover, which the controller files by itself.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { ANNOTATION, API_VERSION } from '../api/group.ts';
import { keyOf } from '../api/objects.ts';
import type { DesiredRequest } from '../desired/desired-set.ts';
import { exchangesIn, type NodeIdentity } from '../jobs/identity-override.ts';
import { findJobKind } from '../jobs/index.ts';
import { fit } from '../jobs/names.ts';
import { digestOf, sha256 } from '../lib/hash.ts';
import type { Identities } from './identities.ts';
import type { Pulled } from './pull.ts';
import type { World } from './world.ts';

export interface ExchangeRooms {
  readonly world: World;
  readonly identities: Identities;
  readonly executor: string;
}

/**
 * One Switchover for each pair, by `Switchover/namespace/name`. Its name is made from the revision that the nodes are at:
 * the same exchange is filed once, and a later exchange of the same nodes is another request.
 */
export function exchangeRequests(
  { desired }: Pulled,
  { world, identities, executor }: ExchangeRooms,
): ReadonlyMap<string, DesiredRequest> {
  const before = new Map(
    world.nodes
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
  return new Map(
    pairs.flatMap(([source, dest]) => {
      const [from, to] = [before.get(source), before.get(dest)];
      const wanted = desired.nodes.get(source);
      if (
        from === undefined ||
        to === undefined ||
        wanted === undefined ||
        from.metadata.namespace !== to.metadata.namespace
      )
        return [];
      const request = switchoverOf(from, to, { file: wanted.file, line: wanted.line, executor });
      return [
        [`Switchover/${request.request.metadata.namespace ?? ''}/${request.request.metadata.name}`, request] as const,
      ];
    }),
  );
}

function identityOf([node, { spec }]: readonly [string, BlockchainNode]): NodeIdentity {
  return { node, identity: spec.identity?.secretName };
}

function switchoverOf(
  source: BlockchainNode,
  dest: BlockchainNode,
  { file, line, executor }: Pick<DesiredRequest, 'file' | 'line' | 'executor'>,
): DesiredRequest {
  const at = [source, dest].map((node) => node.metadata.annotations?.[ANNOTATION.revision] ?? node.metadata.uid);
  const name = fit(
    `exchange-${source.metadata.name}-${dest.metadata.name}-${sha256(JSON.stringify(at)).slice(0, 8)}`,
    63,
  );
  const asked = { sourceNode: source.metadata.name, destNode: dest.metadata.name, deployMethod: 'managed' };
  const spec = findJobKind('Switchover')?.spec.parse(asked) ?? asked;
  const { namespace } = source.metadata;
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
