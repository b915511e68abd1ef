// Switchover: two nodes of a chain exchange the keys they sign with.

import { z } from 'zod';

import { Name } from '../../api/fields.ts';
import { IMMUTABLE, jobFields } from '../../api/job.ts';
import type { JobTarget } from '../../api/job-status.ts';
import { AGE, MESSAGE, PHASE } from './columns.ts';
import { checkSwitchover } from './check-switchover.ts';
import { stopAndStart } from './effect-text.ts';
import { defineJobKind, type JobView, type Preflight } from '../model/job-kind.ts';
import type { JobObservation } from '../model/observation.ts';
import { refuse, type Refusal } from '../model/refusal.ts';

const Spec = z
  .strictObject({
    ...jobFields,
    sourceNode: Name.describe('The first node.'),
    destNode: Name.describe('The second node, of the same chain.'),
  })
  .meta(IMMUTABLE);
type SwitchoverSpec = z.infer<typeof Spec>;

export const switchover = defineJobKind({
  kind: 'Switchover',
  shortNames: ['swo'],
  title: 'Switchover',
  summary: 'Two nodes exchange the keys they sign with; at no moment may both sign with one key.',
  spec: Spec,
  example: { sourceNode: 'a', destNode: 'b' },
  printerColumns: [
    { name: 'Source', type: 'string', jsonPath: '.spec.sourceNode' },
    { name: 'Dest', type: 'string', jsonPath: '.spec.destNode' },
    PHASE,
    MESSAGE,
    AGE,
  ],
  methods: {
    managed: true,
    'cloud-config': true,
    python:
      "the Python tool's nodes have their keys in Secrets made for one node each and in the data; there is no account to point elsewhere",
    helm: 'one StatefulSet runs all nodes of the chain and their keys lie in the data; there is no account to point elsewhere',
  },
  open: (spec) => ({
    common: spec,
    nodes: [spec.sourceNode, spec.destNode],
    effect: (stopped) => effectOf(spec, stopped),
    action: 'StopAndStart',
    whileRunning: { refused: 'both nodes must be stopped' },
    startProof: 'answers',
    repairs: false,
    stops: () => true,
    check: (context) => checkSwitchover(spec, context),
    preflight,
    plan: () => ({ do: 'exchange' }),
    judge: () => ({ ok: true, message: `${spec.sourceNode} and ${spec.destNode} have exchanged their identities` }),
  }),
});

/** The second step needs a user: the controller never writes to the desired branch. */
function effectOf({ sourceNode, destNode, deployMethod }: SwitchoverSpec, stopped: readonly string[]): string {
  const effect = stopAndStart([sourceNode, destNode], 'exchanges the keys they sign with', stopped);
  return deployMethod === 'managed'
    ? `${effect}. When it is complete, exchange spec.identity.secretName in the files of both nodes`
    : effect;
}

function preflight({ targets, observed }: JobView): Preflight {
  const [source, dest] = targets;
  if (source === undefined || dest === undefined) throw new Error('a switchover needs two targets');
  const refusal = refuseNode(source, observed) ?? refuseNode(dest, observed) ?? refusePair(source, dest);
  if (refusal !== undefined) return { go: false, refuse: refusal };
  return source.deployMethod === 'managed' ? { go: true } : { go: true, notes: [WITHOUT_LOGS] };
}

function refuseNode({ node, identity, deployMethod }: JobTarget, { targets }: JobObservation): Refusal | undefined {
  const answer = targets.get(node)?.answers?.switchover;
  if (answer?.how === 'refused') return refuse('NotSupported', answer.reason);
  if (identity !== undefined) return undefined;
  const why = deployMethod === 'managed' ? 'spec.identity is not set' : 'its StatefulSet has no volume "node-account"';
  return refuse('NoIdentity', `${node} has no identity to exchange: ${why}`);
}

function refusePair(source: JobTarget, dest: JobTarget): Refusal | undefined {
  const both = `${source.node} and ${dest.node}`;
  if (source.chain !== dest.chain || source.network !== dest.network)
    return refuse('WrongChain', `${both} are not on the same chain and network`);
  if (source.identity === dest.identity)
    return refuse('SameIdentity', `${both} already have one and the same identity; separate them first`);
  return undefined;
}

/** See README.md: the format of these logs is not known well enough to move them. */
const WITHOUT_LOGS =
  "the consensus logs (overlord_wal, raft-data-dir) stay on their volumes, as in the tool's own Switchover; it is safest while both nodes are at the same height";
