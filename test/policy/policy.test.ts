// Patterns, image references, and what holds for which file.

import { describe, expect, it } from 'vitest';

import { PolicySpec } from '../../src/api/policy.ts';
import { defined } from '../../src/lib/defined.ts';
import { repositoryOf, repositoryPattern } from '../../src/policy/images.ts';
import { matches, reachesPointer } from '../../src/policy/patterns.ts';
import { byExecutor, policyOfExecutor } from '../../src/policy/by-executor.ts';
import { createPolicy, type Policy } from '../../src/policy/policy.ts';
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
    ['localhost', 'docker.io/library/localhost'],
    ['Host/a:1', 'Host/a'],
    ['a.b', 'docker.io/library/a.b'],
    ['index.docker.io/a/b', 'docker.io/a/b'],
    ['evil.example/ethereum/client-go', 'evil.example/ethereum/client-go'],
    ['', 'docker.io/library/'],
  ])('%s is %s', (image, repository) => {
    expect(repositoryOf(image)).toBe(repository);
  });

  it('is written out in patterns too', () => {
    expect(repositoryPattern('ethereum/*')).toBe('docker.io/ethereum/*');
    expect(repositoryPattern('**')).toBe('**');
    expect(repositoryPattern('**/gaia')).toBe('**/gaia');
    expect(repositoryPattern('*')).toBe('docker.io/library/*');
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

  it('gives what several files made together only the rules that name each of them', () => {
    const when = (path: string, priorityClass: string) => ({ when: { paths: [path] }, allow: { priorityClasses: [priorityClass] } });
    const policy = policyOf({ priorityClasses: ['low'], rules: [when('nodes/**', 'high'), when('**/edge/*', 'edge')] });
    const classes = (...files: readonly string[]) => policy.allowedFor(files).priorityClasses;
    expect(classes('nodes/a.yaml')).toEqual(['low', 'high']);
    expect(classes('nodes/edge/a.yaml')).toEqual(['low', 'high', 'edge']);
    expect(classes('nodes/edge/a.yaml', 'patches/edge/b.yaml')).toEqual(['low', 'edge']);
    expect(classes('nodes/a.yaml', 'patches/edge/b.yaml')).toEqual(['low']);
    expect(classes()).toEqual(['low']);
  }); // prettier-ignore

  it('adds images of a rule with their registry, and the patches of each kind', () => {
    const allow = {
      images: { nodes: ['a/n'], sidecars: ['a/s'], jobs: ['a/j'] },
      patches: { ConfigMap: ['/data/**'] },
    };
    const found = policyOf({ rules: [{ when: { paths: ['**'] }, allow }] }).allowedFor(['a.yaml']);
    expect([found.nodeImages.at(-1), found.sidecarImages.at(-1), found.jobImages.at(-1)]).toEqual(
      ['n', 's', 'j'].map((name) => `docker.io/a/${name}`),
    );
    expect(found.patchesOfConfigMap).toEqual(['/metadata/annotations/**', '/data/**']);
    const nodes = policyOf({ rules: [{ when: { paths: ['**'] }, allow: { images: { nodes: ['a/n'] } } }] });
    expect(nodes.allowedFor(['a.yaml']).jobImages).toEqual(nodes.allowedFor(undefined).jobImages);
  });

  it('keeps the defaults of what a part of its lists does not name', () => {
    const found = policyOf({ jobs: { kinds: ['Backup'] }, images: { sidecars: ['a/s'] }, patches: { Service: [] } }).allowedFor(undefined);
    const plain = policyOf().allowedFor(undefined);
    expect(found).toEqual({ ...plain, jobKinds: ['Backup'], sidecarImages: ['docker.io/a/s'], patchesOfService: [] });
    expect(plain.jobKinds).toEqual(['*']);
    expect(plain.jobImages).toContain('registry.example/nodewright');
    expect(plain.nodeImages).toContain('docker.io/ethereum/client-go');
  }); // prettier-ignore

  it('without the image of the worker names those of other tools alone', () => {
    const { jobImages, defaultJobImages } = createPolicy({}, { namespace: NAMESPACE, clientImages: [] }).allowedFor([]);
    expect(jobImages).toEqual(['docker.io/citacloud/*', 'registry.devops.rivtower.com/cita-cloud/*']);
    expect(defaultJobImages).toEqual(jobImages);
  });

  it('knows the default job images also where its own list is shorter', () => {
    const found = policyOf({ images: { jobs: [] } }).allowedFor(undefined);
    expect(found.jobImages).toEqual([]);
    expect(found.defaultJobImages).toContain('registry.example/nodewright');
  });

  it('reserves the Secrets of its locations beside its own and those of the controller, once each', () => {
    const location = (secret: string) => ({ endpoint: 'https://s3.example.com', bucket: 'b', secret });
    const spec = { reservedSecrets: ['mine'], backupLocations: { z: location('keys'), a: location('mine') } };
    const found = policyOf(spec).allowedFor(undefined);
    expect(found.reservedSecrets).toEqual(['mine', 'nodewright-git', 'keys']);
    expect(found.backupLocations).toEqual(['a', 'z']);
  });

  it.each([
    { site: undefined, own: undefined, allowed: false },
    { site: undefined, own: true, allowed: true },
    { site: true, own: undefined, allowed: true },
    { site: true, own: false, allowed: false },
    { site: false, own: true, allowed: false },
  ])('with selfUpdate.allowed $own, where the controller can: $site, allows it: $allowed', ({ site, own, allowed }) => {
    const selfUpdate = { versions: '>=1.0.0', ...defined({ allowed: own }) };
    const { spec } = createPolicy({ selfUpdate }, { namespace: NAMESPACE, clientImages: [], selfUpdate: site });
    expect(spec.selfUpdate).toEqual({ versions: '>=1.0.0', allowed });
  });

  it('of each executor judges its files, and another one those of all others', () => {
    const [one, two, other] = [{ namespaces: ['a'] }, { namespaces: ['b'] }, {}].map(policyOf) as [Policy, Policy, Policy];
    const all = byExecutor(new Map([['east', one], ['west', two]]), other);
    expect(policyOfExecutor(all, 'east')).toBe(one);
    expect(policyOfExecutor(all, 'north')).toBe(other);
    expect(policyOfExecutor(all, undefined)).toBe(other);
    expect(policyOfExecutor(one, 'west')).toBe(one);
    const digests = [new Map([['east', one]]), new Map([['west', one]]), new Map([['east', two]])].map((policies) => byExecutor(policies, other).digest);
    expect(new Set([...digests, other.digest]).size).toBe(4);
  }); // prettier-ignore

  it('distinguishes the uses of one exception by what breaks the rule, and names them in order', () => {
    const exceptions = ['HostPort', 'HostPath', 'HostIPC'] as const;
    const use = (...operations: readonly (readonly [string, unknown])[]) => {
      const operation = ([path, value]: readonly [string, unknown]) => ({ op: 'add' as const, path: `/spec/template/spec/${path}`, value });
      return judge({ patch: operations.map(operation), policy: { exceptions: [...exceptions] } }).exceptions;
    };
    const folder = (path: string) => ['volumes/-', { name: 'x', hostPath: { path } }] as const;
    expect(use(['containers/0/ports/0/hostPort', 1], folder('/'), ['hostIPC', true]).map(({ rule }) => rule)).toEqual(['HostIPC', 'HostPath', 'HostPort']);
    expect(use()).toEqual([]);
    expect(use(folder('/'))).toEqual(use(folder('/')));
    expect(use(folder('/'))).not.toEqual(use(folder('/var')));
    expect(use(folder('/'))[0]?.digest).toMatch(/^[0-9a-f]{8}$/);
  }); // prettier-ignore

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
  it('are found wherever a pod can name a Secret or a ConfigMap', () => {
    const drivers = ['cephfs', 'cinder', 'flexVolume', 'iscsi', 'rbd', 'scaleIO', 'storageos'];
    const spec = {
      volumes: [
        { name: 'a', secret: { secretName: 'volume' } },
        { name: 'b', projected: { sources: [{ secret: { name: 'projected' } }] } },
        ...drivers.map((driver) => ({ name: driver, [driver]: { secretRef: { name: driver } } })),
        { name: 'd', azureFile: { secretName: 'azure' } },
        { name: 'e', configMap: { name: 'c2' } },
        { name: 'f', projected: { sources: [{ configMap: { name: 'c1' } }] } },
        { name: 'g', secret: { secretName: 5 } },
        { name: 'c', csi: { nodePublishSecretRef: { name: 'driver' } } },
      ],
      initContainers: [
        {
          name: 'i',
          env: [
            { name: 'A', valueFrom: { secretKeyRef: { name: 'variable', key: 'k' }, configMapKeyRef: { name: 'c4' } } },
          ],
        },
      ],
      containers: [{ name: 'c', envFrom: [{ secretRef: { name: 'variables' } }, { configMapRef: { name: 'c3' } }] }],
      imagePullSecrets: [{ name: 'pull' }, { name: 'pull' }],
    };
    const object = {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'x' },
      spec: { template: { spec } },
    };
    expect(referencedNames('ConfigMap', { objects: [object] })).toEqual(['c1', 'c2', 'c3', 'c4']);
    expect(referencedNames('Secret', { objects: [object] })).toEqual([
      'azure',
      'cephfs',
      'cinder',
      'driver',
      'flexVolume',
      'iscsi',
      'projected',
      'pull',
      'rbd',
      'scaleIO',
      'storageos',
      'variable',
      'variables',
      'volume',
    ]);
  });
});
