// Patches of the spec: what they can do and what they can't.

import { describe, expect, it } from 'vitest';

import type { KubeObject } from '../../src/api/objects.ts';
import { applyPatches } from '../../src/render/patches.ts';
import { renderNode } from '../../src/render/render-node.ts';
import { example } from '../chains/examples.ts';

const { node, chain } = example('ethereum-geth-lighthouse');
const { objects } = renderNode(node, chain, { running: true });
type Patch = Parameters<typeof applyPatches>[1][number];

const find = (list: readonly KubeObject[], kind: string, name = node.metadata.name): KubeObject | undefined =>
  list.find((object) => object.kind === kind && object.metadata.name === name);

describe('applyPatches', () => {
  it('changes the named object and no other, and leaves its input alone', () => {
    const before = JSON.stringify(objects);
    const patch: Patch = {
      target: { kind: 'Service', name: 'eth-geth-p2p' },
      patch: [{ op: 'add', path: '/metadata/annotations', value: { a: 'b' } }],
    };
    const result = applyPatches(objects, [patch]);
    expect(result.problems).toEqual([]);
    expect(find(result.objects, 'Service', 'eth-geth-p2p')?.metadata.annotations).toEqual({ a: 'b' });
    expect(result.objects.filter((object, index) => object !== objects[index])).toHaveLength(1);
    expect(JSON.stringify(objects)).toBe(before);
  });

  const owned: readonly { because: string; path: string; value: unknown; kind?: Patch['target']['kind'] }[] = [
    { because: 'the name', path: '/metadata/name', value: 'other' },
    { because: 'the namespace', path: '/metadata/namespace', value: 'kube-system' },
    { because: 'the kind', path: '/kind', value: 'DaemonSet' },
    { because: 'the owner', path: '/metadata/ownerReferences', value: [] },
    { because: 'the replicas, which have one owner', path: '/spec/replicas', value: 2 },
    { because: 'the selector', path: '/spec/selector/matchLabels/x', value: 'y' },
    { because: "the pod's label", path: '/spec/template/metadata/labels/novacula.com~1node', value: 'other' },
    { because: 'all metadata', path: '/metadata', value: { name: 'x' } },
    {
      because: 'the digest of the last apply',
      path: '/metadata/annotations',
      value: { 'validatoros.com/applied': 'x' },
    },
    { because: "a Service's selector", path: '/spec/selector', value: {}, kind: 'Service' },
  ];
  it('refuses what the API server cannot take, with the place of the patch', () => {
    const good: Patch = {
      target: { kind: 'Service' },
      patch: [{ op: 'add', path: '/metadata/annotations', value: { a: 'b' } }],
    };
    const bad: Patch = {
      target: { kind: 'ConfigMap' },
      patch: [{ op: 'add', path: '/data', value: { a: { b: 'c' } } }],
    };
    expect(applyPatches(objects, [good, bad]).problems).toMatchObject([
      { code: 'PatchFailed', path: ['spec', 'patches', 1], message: expect.stringContaining('data.a is no text') },
    ]);
  });

  it.each(owned)('does not change $because', ({ path, value, kind = 'StatefulSet' }) => {
    const result = applyPatches(objects, [{ target: { kind }, patch: [{ op: 'add', path, value }] }]);
    expect(result.objects).toEqual(objects);
    expect(result.problems.length).toBeGreaterThan(0);
    expect(result.problems[0]).toMatchObject({ code: 'PatchFailed', path: ['spec', 'patches', 0] });
  });

  it('reports a patch that fits nothing, and applies the others', () => {
    const result = applyPatches(objects, [
      { target: { kind: 'Service', name: 'absent' }, patch: [{ op: 'remove', path: '/spec' }] },
      { target: { kind: 'StatefulSet' }, patch: [{ op: 'remove', path: '/spec/nothing' }] },
      { target: { kind: 'ConfigMap' }, patch: [{ op: 'add', path: '/data/x', value: '1' }] },
    ]);
    expect(result.problems.map(({ path }) => path.join('/'))).toEqual([
      'spec/patches/0/target',
      'spec/patches/1/patch/0',
    ]);
    expect(find(result.objects, 'ConfigMap')?.['data']).toEqual({ x: '1' });
  });

  it('can not remove an object or touch a prototype', () => {
    const result = applyPatches(objects, [
      { target: { kind: 'ConfigMap' }, patch: [{ op: 'replace', path: '', value: null }] },
      { target: { kind: 'ConfigMap' }, patch: [{ op: 'add', path: '/__proto__/polluted', value: 1 }] },
    ]);
    expect(result.objects).toEqual(objects);
    expect(result.problems).toHaveLength(2);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
