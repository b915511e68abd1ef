// The kind table and the paths made from it.

import { describe, expect, it } from 'vitest';

import { API_VERSION } from '../../src/api/group.ts';
import { KINDS, kindOf } from '../../src/kube/kinds.ts';
import { collectionPath, objectPath } from '../../src/kube/paths.ts';

describe('kindOf', () => {
  it.each(Object.entries(KINDS))('knows %s under its own name', (name, kind) => {
    expect(kind.kind).toBe(name);
    expect(kindOf({ apiVersion: kind.apiVersion, kind: name })).toBe(kind);
    expect(kind.plural).toBe(kind.plural.toLowerCase());
  });

  it('derives the names of the kinds of this project, so that a new job needs no entry', () => {
    const kind = { apiVersion: API_VERSION, kind: 'BlockHeightFallback' };
    expect(kindOf(kind)).toEqual({ ...kind, plural: 'blockheightfallbacks', namespaced: true });
  });

  it('refuses a kind it does not know, and the right kind of another version', () => {
    expect(() => kindOf({ apiVersion: 'v1', kind: 'Node' })).toThrow(/v1\/Node is unknown/);
    expect(() => kindOf({ apiVersion: 'apps/v1beta1', kind: 'StatefulSet' })).toThrow(/apps\/v1beta1\/StatefulSet/);
  });
});

describe('paths', () => {
  it('puts core kinds under /api and the others under /apis', () => {
    expect(objectPath({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'a', name: 'b' })).toBe(
      '/api/v1/namespaces/a/configmaps/b',
    );
    expect(objectPath({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', name: 'fast' })).toBe(
      '/apis/storage.k8s.io/v1/storageclasses/fast',
    );
    expect(collectionPath(KINDS.BlockchainNode)).toBe('/apis/validatoros.com/v1alpha1/blockchainnodes');
    expect(collectionPath(KINDS.BlockchainNode, 'x')).toBe(
      '/apis/validatoros.com/v1alpha1/namespaces/x/blockchainnodes',
    );
  });

  it.each([
    { because: 'an empty name would mean all objects', ref: { kind: 'ConfigMap', namespace: 'a', name: '' } },
    { because: 'dots climb out of the path', ref: { kind: 'ConfigMap', namespace: '..', name: 'a' } },
    { because: 'a slash names a subresource', ref: { kind: 'Secret', namespace: 'a', name: 'a/status' } },
    { because: 'a namespaced kind needs a namespace', ref: { kind: 'Secret', name: 'a' } },
    { because: 'a cluster-scoped kind takes none', ref: { kind: 'Namespace', namespace: 'a', name: 'a' } },
  ])('refuses: $because', ({ ref }) => {
    expect(() => objectPath({ apiVersion: 'v1', ...ref })).toThrow(expect.objectContaining({ code: 'INVALID' }));
  });
});
