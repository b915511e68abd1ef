// Builds live objects and desired states for tests of plans.

import type { BlockchainNode, NodeSpec } from '../../src/api/blockchain-node.ts';
import { FleetSpec } from '../../src/api/fleet.ts';
import { ANNOTATION, API_VERSION, LABEL } from '../../src/api/group.ts';
import { keyOf } from '../../src/api/objects.ts';
import type { Action } from '../../src/plan/action.ts';
import { withApplied } from '../../src/plan/applied.ts';
import type { PlanFacts, PlanInput, Desired } from '../../src/plan/input.ts';

export const REVISION = `main@sha1:${'1'.repeat(40)}`;

/** A node as Git declares it. */
export function aNode(name: string, spec: Partial<NodeSpec> = {}): BlockchainNode {
  return {
    apiVersion: API_VERSION,
    kind: 'BlockchainNode',
    metadata: {
      name,
      namespace: 'ns',
      labels: { [LABEL.executor]: 'demo', [LABEL.node]: name },
      annotations: { [ANNOTATION.file]: `nodes/${name}.yaml` },
    },
    spec: {
      executor: 'demo',
      chain: 'ethereum',
      network: 'hoodi',
      nodeType: 'full',
      clients: { el: { name: 'geth', version: '1.16.6' } },
      storage: { data: { size: '100Gi' } },
      serviceType: 'ClusterIP',
      desiredState: 'Running',
      deletionPolicy: 'Retain',
      ...spec,
    },
  };
}

/** The live object after the node was applied. */
export function applied(node: BlockchainNode, change: Partial<BlockchainNode['metadata']> = {}): BlockchainNode {
  const { metadata, ...rest } = structuredClone(withApplied(node));
  return {
    ...rest,
    metadata: { ...metadata, uid: `uid-${metadata.name}`, resourceVersion: '7', generation: 1, ...change },
  };
}

/** The live object after a manual `kubectl edit`. */
export function edited(node: BlockchainNode, spec: Partial<NodeSpec>): BlockchainNode {
  return { ...node, spec: { ...node.spec, ...spec } };
}

export interface SceneParts {
  readonly declared?: readonly BlockchainNode[];
  readonly live?: readonly BlockchainNode[];
  readonly fleet?: object;
  readonly facts?: PlanFacts;
  readonly desired?: Partial<Desired>;
}

export function scene({ declared = [], live = [], fleet = {}, facts = {}, desired = {} }: SceneParts): PlanInput {
  return {
    desired: {
      fleet: FleetSpec.parse(fleet),
      fleetBroken: false,
      nodes: new Map(
        declared.map((node) => [keyOf(node), { node, file: node.metadata.annotations?.[ANNOTATION.file] ?? '' }]),
      ),
      brokenFiles: new Set(),
      brokenNodes: new Set(),
      brokenBy: { nodes: new Map(), files: new Map() },
      stoppedNodes: new Map(),
      unreadableFiles: new Set(),
      counts: { nodeFiles: 1 },
      ...desired,
    },
    current: live,
    revision: REVISION,
    executor: 'demo',
    facts,
  };
}

/** The cluster after all actions that are not held. */
export function carryOut(live: readonly BlockchainNode[], actions: readonly Action[]): readonly BlockchainNode[] {
  const nodes = new Map(live.map((node) => [keyOf(node), node]));
  for (const action of actions) {
    if (action.hold !== undefined) continue;
    if (action.do === 'delete') nodes.delete(keyOf(action.ref));
    else if ('object' in action) nodes.set(keyOf(action.ref), action.object as BlockchainNode);
  }
  return [...nodes.values()];
}

export interface PlanRow extends SceneParts {
  readonly because: string;
  /** `do name guard` for held actions, `do name` for free ones. */
  readonly plan: readonly string[];
}

/** Each action in the notation of a row. */
export function inWords(actions: readonly Action[]): readonly string[] {
  return actions.map((action) => [action.do, action.ref.name, action.hold?.guard].filter(Boolean).join(' '));
}
