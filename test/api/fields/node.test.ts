// Every field of BlockchainNode changes what is rendered, asked or planned.

import { describe } from 'vitest';
import { stringify } from 'yaml';

import { PolicySpec } from '../../../src/api/policy.ts';
import type { BlockchainNode } from '../../../src/api/blockchain-node.ts';
import { toJsonSchema } from '../../../src/api/json-schema.ts';
import { chains, findChain } from '../../../src/chains/index.ts';
import { nodeSpecSchema } from '../../../src/desired/kinds.ts';
import { completePolicy } from '../../../src/desired/policy-file.ts';
import type { JsonObject } from '../../../src/lib/json-value.ts';
import { planNodes } from '../../../src/plan/plan.ts';
import { generatedSecretRefs } from '../../../src/render/generated-secrets.ts';
import { renderNode } from '../../../src/render/render-node.ts';
import { FLEET, read } from '../../support/desired-files.ts';
import { aNode, applied, scene } from '../../support/plan-scene.ts';
import { ETHEREUM, NODE_CASES } from './node-cases.ts';
import { schedulingCases } from './scheduling-cases.ts';
import { leavesOf, testEveryField, type Outcome } from './schema-fields.ts';

/** What the policy refuses would hide what the field does. */
const OPEN = completePolicy(
  PolicySpec.parse({
    images: { nodes: ['**'], sidecars: ['**'] },
    priorityClasses: ['**'],
    labels: ['**'],
    annotations: ['**'],
    patches: { StatefulSet: ['/**'], Service: ['/**'] },
  }),
  { namespace: 'novacula-system' },
);

const FLEET_OF_TWO = FLEET.replace('[{ name: demo }]', '[{ name: demo }, { name: other }]');

function outcome(spec: JsonObject): Outcome {
  const document = {
    apiVersion: 'validatoros.com/v1alpha1',
    kind: 'BlockchainNode',
    metadata: { name: 'n' },
    spec,
  };
  const { nodes, problems } = read(
    { 'fleet.yaml': FLEET_OF_TWO, 'nodes/n.yaml': stringify(document) },
    { policy: OPEN, chains },
  );
  const found = nodes.get('novacula-system/n');
  const errors = problems.filter(({ level }) => level === 'error').map(({ code, message }) => `${code} ${message}`);
  return found === undefined ? { errors } : { errors, ...rendering(found.node), plans: plansOf(found.node) };
}

function rendering(node: BlockchainNode): object {
  const chain = findChain(node.spec.chain);
  if (chain === undefined) throw new Error('there is no such chain');
  const { objects } = renderNode(node, chain, { running: node.spec.desiredState === 'Running' });
  return { objects, secrets: generatedSecretRefs(node, chain.workload(node)), questions: chain.questions(node) };
}

/** What becomes of the node when it is new, when another field changes, and when its file goes; not what changes in it. */
function plansOf(node: BlockchainNode): object {
  const older = applied({ ...node, spec: { ...node.spec, env: { el: [{ name: 'OLDER', value: 'x' }] } } });
  const others = ['b', 'c', 'd', 'e', 'f'].map((name) => aNode(name));
  const there = [older, ...others.map((other) => applied(other))];
  const scenes = {
    made: { declared: [node] },
    changed: { declared: [node], live: [older] },
    gone: { declared: others, live: there },
  };
  return Object.entries(scenes).map(([name, parts]) =>
    planNodes(scene(parts)).actions.map((action) => ({
      name,
      do: action.do,
      hold: action.hold,
      keepsVolumes: action.do === 'delete' && action.keepsVolumes,
    })),
  );
}

describe('BlockchainNode', () => {
  const schema = nodeSpecSchema(chains);
  testEveryField({
    schema,
    base: ETHEREUM,
    cases: { ...NODE_CASES, ...schedulingCases(leavesOf(toJsonSchema(schema, 'draft-7')), ETHEREUM) },
    file: 'test/api/fields/node-cases.ts',
    outcome,
  });
});
