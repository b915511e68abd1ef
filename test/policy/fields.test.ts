// Which field of the node a refusal shows: where it can be corrected.

import { describe, expect, it } from 'vitest';

import { ANNOTATION } from '../../src/api/group.ts';
import type { PolicySpec } from '../../src/api/policy.ts';
import type { PatchOperation } from '../../src/lib/json-patch.ts';
import { patchedAt } from '../../src/policy/patched-at.ts';
import { aNode, judge } from './support.ts';

const POD = '/spec/template/spec';
const set = (path: string, value: unknown): readonly PatchOperation[] => [{ op: 'add', path, value }];

interface Row {
  readonly because: string;
  readonly spec?: Record<string, unknown>;
  readonly metadata?: Record<string, unknown>;
  readonly patch?: readonly PatchOperation[];
  readonly kind?: string;
  readonly policy?: PolicySpec;
  readonly field: readonly (string | number)[];
}

const image = 'evil.example/x:1';
const clients = (el: object) => ({ ...aNode().spec.clients, el: { name: 'geth', ...el } });

it.each<Row>([
  { because: 'the image of a client', spec: { clients: clients({ image }) }, field: ['clients', 'el', 'image'] },
  { because: 'an image that the chain chose', policy: { images: { nodes: ['sigp/*'] } }, field: ['clients'] },
  { because: 'an image that the chain chose, beside one that is named', spec: { clients: clients({ image: 'ok/geth:1' }) }, policy: { images: { nodes: ['ok/*'] } }, field: ['clients'] },
  { because: 'no image', patch: [{ op: 'remove', path: `${POD}/containers/0/image` }], field: ['clients'] },
  { because: 'the image of the second sidecar', spec: { sidecars: [{ name: 'a', image: 'ok/a' }, { name: 'b', image }] }, policy: { images: { sidecars: ['ok/*'] } }, field: ['sidecars', 1, 'image'] },
  { because: 'an identity', spec: { identity: { secretName: 'nodewright-git' } }, field: ['identity', 'secretName'] },
  { because: 'a ConfigMap', patch: set(`${POD}/volumes/-`, { name: 'x', configMap: { name: 'a' } }), policy: { configMaps: [] }, field: ['genesis', 'configMap', 'name'] },
  { because: 'a device', spec: { resources: { el: { limits: { 'example.com/x': '1' } } } }, field: ['resources', 'el', 'limits', 'example.com/x'] },
  { because: 'a StorageClass', spec: { storage: { data: { size: '1Gi', storageClass: 'slow' } } }, policy: { storageClasses: [] }, field: ['storage', 'data', 'storageClass'] },
  { because: 'a priority', spec: { priorityClassName: 'high' }, field: ['priorityClassName'] },
  { because: 'a priority of the system', spec: { priorityClassName: 'system-x' }, field: ['priorityClassName'] },
  { because: 'an affinity', patch: set(`${POD}/affinity`, { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ namespaces: ['x'] }] } }), field: ['affinity'] },
  { because: 'the second toleration', spec: { tolerations: [{ key: 'a' }, {}] }, field: ['tolerations', 1] },
  { because: 'the key of the second toleration', spec: { tolerations: [{ key: 'a' }, { key: 'x.example/y' }] }, field: ['tolerations', 1, 'key'] },
  { because: 'a label', spec: { podLabels: { app: 'pay' } }, field: ['podLabels', 'app'] },
  { because: 'an annotation', spec: { podAnnotations: { 'x.example/y': 'z' } }, field: ['podAnnotations', 'x.example/y'] },
  { because: 'the type of a Service', spec: { serviceType: 'NodePort' }, policy: { serviceTypes: [] }, field: ['serviceType'] },
  { because: 'what has no field of its own', patch: set(`${POD}/hostNetwork`, true), field: [] },
])('$because', ({ field, spec = {}, ...given }) => {
  const { denials } = judge({ ...given, node: aNode(spec) });
  expect(denials[0]?.path).toEqual(['spec', ...field]);
}); // prettier-ignore

it.each<Omit<Row, 'field'> & { readonly says: string }>([
  { because: 'a Secret, once', spec: { identity: { secretName: 'nodewright-git' } }, patch: set(`${POD}/volumes/-`, { name: 'x', secret: { secretName: 'nodewright-git' } }), says: 'spec.identity.secretName is "nodewright-git", which holds credentials of the controller. The policy' },
  { because: 'a kind of volume', patch: set(`${POD}/volumes/-`, { name: 'x', nfs: {} }), says: 'spec.template.spec.volumes[3].nfs of StatefulSet novacula-system/eth-geth is not an allowed kind of volume. The policy' },
  { because: 'a label', patch: set('/metadata/labels/app', 'pay'), says: 'metadata.labels.app of StatefulSet novacula-system/eth-geth is not an allowed label. The policy' },
])('the message names $because', ({ says, spec = {}, ...given }) => {
  const { denials } = judge({ ...given, node: aNode(spec) });
  expect(denials.map(({ message }) => message)).toEqual([expect.stringContaining(says)]);
}); // prettier-ignore

it.each([
  { namespaces: [], says: 'is "argocd"; the policy allows none.' },
  { namespaces: ['a', 'b'], says: 'is "argocd"; the policy allows a, b.' },
])('the message names the allowed namespaces $namespaces', ({ namespaces, says }) => {
  const node = aNode();
  const elsewhere = { ...node, metadata: { ...node.metadata, namespace: 'argocd' } };
  expect(judge({ node: elsewhere, policy: { namespaces } }).denials[0]?.message).toContain(says);
});

it.each([
  { because: 'its namespace', metadata: { namespace: 'argocd' }, field: ['metadata', 'namespace'] },
  { because: 'its name', metadata: { name: 'nodewright-x' }, field: ['metadata', 'name'] },
])('of a node itself: $because', ({ metadata, field }) => {
  const node = aNode();
  const { denials } = judge({ node: { ...node, metadata: { ...node.metadata, ...metadata } } });
  expect(denials.map(({ path }) => path)).toEqual([field]);
});

it('a name that only contains the reserved one is not refused, nor are annotations of the controller', () => {
  const node = aNode();
  const named = { ...node, metadata: { ...node.metadata, name: 'my-nodewright-x' } };
  const path = `/spec/template/metadata/annotations/${ANNOTATION.restartGeneration.replace('/', '~1')}`;
  expect(judge({ node: named, patch: set(path, '1') }).denials).toEqual([]);
});

describe('the operation that wrote a place', () => {
  const object = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a-rpc' } };
  const add = (path: string) => ({ op: 'add', path, value: {} });
  const patchOf = (target: object, ...patch: readonly object[]) => ({ target, patch });
  const service = { kind: 'Service' };

  it.each([
    { because: 'the same place', patches: [patchOf(service, add('/spec/type'))], at: [0, 0] },
    { because: 'one around it', patches: [patchOf(service, add('/spec'))], at: [0, 0] },
    { because: 'one below it', patches: [patchOf(service, add('/spec/type/x'))], at: [0, 0] },
    { because: 'an item added to it', patches: [patchOf(service, add('/spec/type/-'))], at: [0, 0] },
    { because: 'the last of several', patches: [patchOf(service, add('/spec/type'), add('/spec/type'), add('/x'))], at: [0, 1] },
    { because: 'that of the last patch', patches: [patchOf(service, add('/spec/type')), patchOf(service, add('/spec'))], at: [1, 0] },
    { because: 'of this object by name', patches: [patchOf({ ...service, name: 'a-rpc' }, add('/spec/type'))], at: [0, 0] },
    { because: 'none of another object', patches: [patchOf({ ...service, name: 'b' }, add('/spec/type')), patchOf({ kind: 'ConfigMap' }, add('/spec/type'))], at: undefined },
    { because: 'none of a name that begins the same', patches: [patchOf(service, add('/spec/typ'), add('/spec/type2'), add('/spec/typ/-'))], at: undefined },
    { because: 'none that only tests', patches: [patchOf(service, { op: 'test', path: '/spec/type' })], at: undefined },
    { because: 'none without patches', patches: undefined, at: undefined },
  ])('is $because', ({ patches, at }) => {
    const [index, operation] = at ?? [];
    const subject = { node: aNode({ patches }), objects: [], madeSecrets: [], allowed: {} as never };
    const found = patchedAt(subject, { object, path: ['spec', 'type'], what: '' });
    expect(found).toEqual(at && ['spec', 'patches', index, 'patch', operation, 'path']);
    expect(patchedAt(subject, { path: ['spec', 'type'], what: '' })).toBeUndefined();
  }); // prettier-ignore

  it('is the one that added an item to the list', () => {
    const patches = [patchOf(service, add('/spec/ports/-'))];
    const subject = { node: aNode({ patches }), objects: [], madeSecrets: [], allowed: {} as never };
    const path = ['spec', 'ports', 2];
    expect(patchedAt(subject, { object, path, what: '' })).toEqual(['spec', 'patches', 0, 'patch', 0, 'path']);
  });
});
