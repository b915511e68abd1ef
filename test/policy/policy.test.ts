// Patterns, image references, and what holds for which file.

import { describe, expect, it } from 'vitest';

import { PolicySpec } from '../../src/api/policy.ts';
import { repositoryOf, repositoryPattern } from '../../src/policy/images.ts';
import { matches, reachesPointer } from '../../src/policy/patterns.ts';
import { createPolicy } from '../../src/policy/policy.ts';
import { referencedNames } from '../../src/policy/references.ts';
import { aNode, judge, NAMESPACE, policyOf } from './support.ts';

describe('patterns', () => {
  it.each([
    ['ghcr.io/cosmos/*', 'ghcr.io/cosmos/gaia', true],
    ['ghcr.io/cosmos/*', 'ghcr.io/cosmos/a/b', false],
    ['ghcr.io/cosmos/**', 'ghcr.io/cosmos/a/b', true],
    ['ghcr.io/cosmos/*', 'evil.example/ghcr.io/cosmos/gaia', false],
    ['app-*', 'app-rivspace', true],
    ['app-*', 'my-app-x', false],
    ['a.b', 'axb', false],
    ['nodes/prod/**', 'nodes/prod/eu/a.yaml', true],
    ['nodes/prod/**', 'nodes/production/a.yaml', false],
    ['**', '', true],
  ])('%s against %s: %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  it('of pointers reach the place itself', () => {
    expect(reachesPointer('/spec/affinity/**', '/spec/affinity')).toBe(true);
    expect(reachesPointer('/spec/affinity/**', '/spec/affinityX')).toBe(false);
    expect(reachesPointer('/spec/*/x', '/spec/a/b/x')).toBe(false);
  });

  it('with many stars end in time', () => {
    const started = process.cpuUsage();
    expect(matches('*****'.repeat(40), `${'a/'.repeat(200)}!`)).toBe(true);
    expect(process.cpuUsage(started).user).toBeLessThan(5_000_000);
  });
});

describe('the repository of an image', () => {
  it.each([
    ['geth', 'docker.io/library/geth'],
    ['geth:1.2', 'docker.io/library/geth'],
    ['ethereum/client-go:v1', 'docker.io/ethereum/client-go'],
    ['index.docker.io/ethereum/client-go', 'docker.io/ethereum/client-go'],
    ['ghcr.io/a/b@sha256:00', 'ghcr.io/a/b'],
    ['ghcr.io/a/b:1@sha256:00', 'ghcr.io/a/b'],
    ['host:5000/a:1', 'host:5000/a'],
    ['localhost/a', 'localhost/a'],
    ['evil.example/ethereum/client-go', 'evil.example/ethereum/client-go'],
    ['', 'docker.io/library/'],
  ])('%s is %s', (image, repository) => {
    expect(repositoryOf(image)).toBe(repository);
  });

  it('is written out in patterns too', () => {
    expect(repositoryPattern('ethereum/*')).toBe('docker.io/ethereum/*');
    expect(repositoryPattern('**')).toBe('**');
  });
});

describe('a policy', () => {
  const hosts = { policy: { exceptions: ['HostNetwork' as const] } };
  const patch = [{ op: 'add' as const, path: '/spec/template/spec/hostNetwork', value: true }];

  it('gives more to the files that a rule names, and to no others', () => {
    const policy: PolicySpec = {
      rules: [{ when: { paths: ['nodes/edge/**'] }, allow: { exceptions: ['HostNetwork'] } }],
    };
    expect(judge({ patch, policy, file: 'nodes/edge/a.yaml' })).toMatchObject({
      denials: [],
      exceptions: [{ rule: 'HostNetwork' }],
    });
    expect(judge({ patch, policy, file: 'nodes/a.yaml' }).denials).toMatchObject([{ rule: 'HostNetwork' }]);
  });

  it('gives nothing of a rule to an object that was created by hand', () => {
    const policy: PolicySpec = { rules: [{ when: { paths: ['**'] }, allow: { exceptions: ['HostNetwork'] } }] };
    expect(judge({ patch, policy }).denials).toMatchObject([{ rule: 'HostNetwork' }]);
    expect(judge({ patch, ...hosts }).denials).toEqual([]);
  });

  it('cannot allow what is reserved for the controller', () => {
    const node = aNode({ identity: { secretName: 'nodewright-git' } });
    expect(judge({ node, policy: { secrets: ['**'] } }).denials).toMatchObject([{ rule: 'SecretNotAllowed' }]);
  });

  it('means the same when it is read again from where it was published', () => {
    const { spec, digest } = policyOf({ namespaces: ['a', 'b'], exceptions: ['HostPort'] });
    const elsewhere = createPolicy(PolicySpec.parse(JSON.parse(JSON.stringify(spec))), {
      namespace: 'other',
      clientImages: [],
    });
    expect(elsewhere.digest).toBe(digest);
    expect(elsewhere.allowedFor(undefined).namespaces).toEqual(['a', 'b']);
  });

  it('allows the default namespace alone when it names none', () => {
    expect(policyOf().allowedFor(undefined).namespaces).toEqual([NAMESPACE]);
    expect(policyOf({ namespaces: [] }).allowedFor(undefined).namespaces).toEqual([]);
  });

  it.each([
    { because: 'an unknown field', spec: { images: { node: [] } } },
    { because: 'an exception that no rule has', spec: { exceptions: ['NamespaceNotAllowed'] } },
    { because: 'a rule for no file', spec: { rules: [{ when: { paths: [] }, allow: {} }] } },
    { because: 'a rule by signer, which nothing reads', spec: { rules: [{ when: { signers: ['x'] }, allow: {} }] } },
  ])('is refused with $because', ({ spec }) => {
    expect(PolicySpec.safeParse(spec).success).toBe(false);
  });
});

describe('the names that a pod refers to', () => {
  it('are found wherever a pod can name a Secret', () => {
    const spec = {
      volumes: [
        { name: 'a', secret: { secretName: 'volume' } },
        { name: 'b', projected: { sources: [{ secret: { name: 'projected' } }] } },
        { name: 'c', csi: { nodePublishSecretRef: { name: 'driver' } } },
      ],
      initContainers: [
        { name: 'i', env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'variable', key: 'k' } } }] },
      ],
      containers: [{ name: 'c', envFrom: [{ secretRef: { name: 'variables' } }] }],
      imagePullSecrets: [{ name: 'pull' }, { name: 'pull' }],
    };
    const object = {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'x' },
      spec: { template: { spec } },
    };
    expect(referencedNames('Secret', { objects: [object] })).toEqual([
      'driver',
      'projected',
      'pull',
      'variable',
      'variables',
      'volume',
    ]);
  });
});
