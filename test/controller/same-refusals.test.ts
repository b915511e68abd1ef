// What the API server refuses of a node's objects is refused in its file first: each row goes through both.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { POLICY_RULES } from '../../src/api/codes/policy-rules.ts';
import { API_VERSION } from '../../src/api/group.ts';
import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import { findChain } from '../../src/chains/index.ts';
import { type ApiCluster, connectCluster } from '../../src/kube/api-cluster.ts';
import { renderNode } from '../../src/render/render-node.ts';
import { testCluster } from '../support/cluster.ts';
import { read } from '../support/desired-files.ts';

const NAMESPACE = 'novacula-system';
/** What the policy refuses is no matter of the API server. */
const POLICY: ReadonlySet<string> = new Set(Object.keys(POLICY_RULES));

const BASE = {
  chain: 'ethereum',
  network: 'dev',
  clients: { el: { name: 'geth', version: '1.16.7' } },
  storage: { data: { size: '1Gi' } },
};

let cluster: ApiCluster;
beforeAll(async () => {
  cluster = connectCluster({ kubeconfig: (await testCluster()).kubeconfigPath });
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  await cluster.create(namespace).catch(() => undefined);
});
afterAll(async () => {
  await cluster?.close();
});

type Row = readonly [because: string, spec: object, name?: string];

const CONTAINER = '/spec/template/spec/containers/0';

function patch(kind: string, path: string, value: unknown): { readonly patches: readonly object[] } {
  return { patches: [{ target: { kind }, patch: [{ op: 'add', path, value }] }] };
}

const COSMOS = { chain: 'cosmos', network: 'dev', nodeType: 'validator', clients: { node: { name: 'cometbft' } } };

const refused: readonly Row[] = [
  ['a name in capitals', {}, 'Node'],
  ['a name with an underscore', {}, 'a_b'],
  ['Exists with a value', { tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] }],
  ['an operator that is none', { tolerations: [{ key: 'a', operator: 'In', value: 'b' }] }],
  ['an effect that is none', { tolerations: [{ key: 'a', operator: 'Exists', effect: 'Never' }] }],
  ['seconds without NoExecute', { tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 3 }] }],
  ['no key with Equal', { tolerations: [{ operator: 'Equal', value: 'b' }] }],
  ['a toleration key with a space', { tolerations: [{ key: 'a b', operator: 'Exists' }] }],
  ['a toleration value that is no label value', { tolerations: [{ key: 'a', operator: 'Equal', value: 'b c' }] }],
  ['requests above limits', { resources: { el: { requests: { cpu: '2' }, limits: { cpu: '1' } } } }],
  ['a resource that is none', { resources: { el: { requests: { memroy: '1Gi' } } } }],
  ['huge pages without limits', { resources: { el: { requests: { 'hugepages-2Mi': '1Gi' } } } }],
  ['a negative quantity', { resources: { el: { requests: { cpu: '-1' } } } }],
  ['a quantity with another suffix', { resources: { el: { requests: { memory: '1GiB' } } } }],
  ['a volume size without a unit that is known', { storage: { data: { size: '1GB' } } }],
  ['a volume of nothing', { storage: { data: { size: '0' } } }],
  ['a volume name in capitals', { storage: { Data: { size: '1Gi' } } }],
  ['a storage class with a space', { storage: { data: { size: '1Gi', storageClass: 'a b' } } }],
  ['a variable with a control character', { env: { el: [{ name: 'A\u0000B', value: 'c' }] } }],
  ['a variable with an equals sign', { env: { el: [{ name: 'A=B', value: 'c' }] } }],
  ['a node selector value that is no label value', { nodeSelector: { a: 'b c' } }],
  ['a node selector value of 64 characters', { nodeSelector: { a: 'b'.repeat(64) } }],
  ['a node selector key with two slashes', { nodeSelector: { 'a/b/c': 'd' } }],
  ['a pod label value with a slash', { podLabels: { a: 'b/c' } }],
  ['a pod label key that is too long', { podLabels: { ['a'.repeat(64)]: 'b' } }],
  ['an annotation key with a space', { podAnnotations: { 'a b': 'c' } }],
  ['a priority class with a space', { priorityClassName: 'a b' }],
  ['a negative port of a sidecar', { sidecars: [{ name: 'a', image: 'b', ports: [{ name: 'p', port: -1 }] }] }],
  ['a sidecar name in capitals', { sidecars: [{ name: 'A', image: 'b' }] }],
  ['a sidecar with the name of a client', { sidecars: [{ name: 'el', image: 'b' }] }],
  ['two sidecars of one name', { sidecars: [{ name: 'a', image: 'b' }, { name: 'a', image: 'b' }] }],
  ['a sidecar without an image', { sidecars: [{ name: 'a', image: '' }] }],
  ['two ports of one name', { sidecars: [{ name: 'a', image: 'b', ports: [{ name: 'p', port: 1 }, { name: 'p', port: 2 }] }] }],
  ['one port number twice in the Service', { sidecars: ['a', 'b'].map((name) => ({ name, image: 'b', ports: [{ name, port: 9000 }] })) }],
  ['a port of a sidecar that a client has', { sidecars: [{ name: 'a', image: 'b', ports: [{ name: 'x', port: 8545 }] }] }],
  ['a port name in capitals', { sidecars: [{ name: 'a', image: 'b', ports: [{ name: 'P', port: 1 }] }] }],
  ['a port name without a letter', { sidecars: [{ name: 'a', image: 'b', ports: [{ name: '1', port: 1 }] }] }],
  ['a mount of no volume', { sidecars: [{ name: 'a', image: 'b', mounts: [{ storage: 'none', path: '/x' }] }] }],
  ['two mounts in one folder', { sidecars: [{ name: 'a', image: 'b', mounts: [1, 2].map(() => ({ storage: 'data', path: '/x' })) }] }],
  ['a spread without its key', { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: '', whenUnsatisfiable: 'DoNotSchedule' }] }],
  ['a spread of nothing', { topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }] }],
  ['a spread twice', { topologySpreadConstraints: [1, 2].map((maxSkew) => ({ maxSkew, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' })) }],
  ['an affinity operator without values', { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In' }] }] } } } }],
  ['an affinity Exists with values', { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] }] } } } }],
  ['an affinity weight of 101', { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 101, preference: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } }] } } }],
  ['an affinity to pods without its key', { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: '', labelSelector: { matchLabels: { a: 'b' } } }] } } }],
  ['a key of a Secret with a space', { secretEnv: { el: [{ name: 'A', secretName: 'B_C', key: 'k k' }] } }],
  ['a Secret folder without a path', { secretMounts: { el: [{ secretName: 'a', path: '' }] } }],
  ['an annotation that is an object', patch('Service', '/metadata/annotations', { a: { b: 'c' } })],
  ['a label that is a number', patch('StatefulSet', '/metadata/labels/a', 1)],
  ['an annotation of the pod that is true', patch('StatefulSet', '/spec/template/metadata/annotations', { a: true })],
  ['a node selector that is a number', patch('StatefulSet', '/spec/template/spec/nodeSelector', { a: 1 })],
  ['a resource claim that the pod has not', patch('StatefulSet', `${CONTAINER}/resources/claims`, [{ name: 'x' }])],
  ['a port of a container twice', patch('StatefulSet', `${CONTAINER}/ports/-`, { containerPort: 8545, name: 'again' })],
  ['a port of a Service twice', patch('Service', '/spec/ports/-', { port: 8545, name: 'again' })],
  ['a remote signer on the port of the RPC', { ...COSMOS, cosmos: { remoteSigner: { port: 26_657 } } }],
  ['a remote signer on the port of the peers', { ...COSMOS, cosmos: { remoteSigner: { port: 26_656 } } }],
]; // prettier-ignore

/** Refused in the file alone: the API server would take these, and the node would not run, or not as it was meant. */
// prettier-ignore
const stricter: readonly Row[] = [
  ['a name that is too long', {}, 'n'.repeat(53)],
  ['a pull Secret with a space', { imagePullSecrets: [{ name: 'A b' }] }],
  ['a negative grace period', { terminationGracePeriodSeconds: -1 }],
  ['a port above all ports', { p2p: { port: 65_536 } }],
  ['a node port outside the range', { serviceType: 'NodePort', p2p: { port: 1000 } }],
  ['a Secret folder with a colon', { secretMounts: { el: [{ secretName: 'a', path: '/x:y' }] } }],
];

const accepted: readonly Row[] = [
  ['a plain node', {}],
  ['a name of 52 characters', {}, 'n'.repeat(52)],
  ['a toleration for a time', { tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 3 }] }],
  ['a toleration of everything', { tolerations: [{ operator: 'Exists' }] }],
  ['resources', { resources: { el: { requests: { cpu: '500m', memory: '1e9' }, limits: { cpu: '1', memory: '1Gi' } } } }],
  ['a node selector without a value', { nodeSelector: { 'example.com/a': '' } }],
  ['a remote signer', { ...COSMOS, cosmos: { remoteSigner: { port: 26_659 } } }],
  ['a patched annotation', patch('Service', '/metadata/annotations', { a: 'b' })],
  ['a resource claim of the pod', { patches: [...patch('StatefulSet', `${CONTAINER}/resources/claims`, [{ name: 'x' }]).patches, ...patch('StatefulSet', '/spec/template/spec/resourceClaims', [{ name: 'x', resourceClaimTemplateName: 't' }]).patches] }],
]; // prettier-ignore

interface Answers {
  readonly server: string;
  readonly file: string;
}

async function ask(spec: object, name: string): Promise<Answers> {
  const document = { apiVersion: API_VERSION, kind: 'BlockchainNode', metadata: { name }, spec: { ...BASE, ...spec } };
  const { problems } = read({ 'nodes/a.yaml': JSON.stringify(document) });
  const errors = problems
    .filter(({ level, file }) => level === 'error' && file === 'nodes/a.yaml')
    .filter(({ code }) => !POLICY.has(code));
  return { server: await serverOn(document), file: errors.map(({ code, message }) => `${code} ${message}`).join('; ') };
}

/** The first refusal of an object of the node; empty when the API server accepts all of them. */
async function serverOn(document: object): Promise<string> {
  // The edge: a spec that the schema refuses is rendered all the same.
  const { metadata, ...rest } = document as BlockchainNode;
  const node = { ...rest, metadata: { ...metadata, namespace: NAMESPACE, uid: 'u' } };
  const chain = findChain(node.spec.chain);
  if (chain === undefined) throw new Error('no such chain');
  for (const object of renderNode(node, chain, { running: true }).objects) {
    const { ownerReferences: _owners, ...own } = object.metadata;
    try {
      await cluster.apply({ ...object, metadata: own }, { fieldManager: 'test', force: true, dryRun: true });
    } catch (error) {
      return `${object.kind}: ${String(error)}`;
    }
  }
  return '';
}

function named(rows: readonly Row[]): readonly { because: string; spec: object; name: string }[] {
  return rows.map(([because, spec, name = 'a']) => ({ because, spec, name }));
}

describe('refused by both', () => {
  it.each(named(refused))('$because', async ({ spec, name }) => {
    const { server, file } = await ask(spec, name);
    expect({ server: server !== '', file: file !== '' }, `${server} | ${file}`).toEqual({ server: true, file: true });
  });
});

describe('refused in the file alone', () => {
  it.each(named(stricter))('$because', async ({ spec, name }) => {
    const { server, file } = await ask(spec, name);
    expect({ server, isRefused: file !== '' }).toEqual({ server: '', isRefused: true });
  });
});

describe('accepted by both', () => {
  it.each(named(accepted))('$because', async ({ spec, name }) => {
    expect(await ask(spec, name)).toEqual({ server: '', file: '' });
  });
});
