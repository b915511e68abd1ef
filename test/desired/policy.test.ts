// A denial of the policy is a problem of the file, at the line that must change.

import { describe, expect, it } from 'vitest';

import type { PolicySpec } from '../../src/api/policy.ts';
import { ANNOTATION } from '../../src/api/group.ts';
import { completePolicy, readPolicy } from '../../src/desired/policy-file.ts';
import { describeProblem } from '../../src/desired/text/problem.ts';
import { byExecutor } from '../../src/policy/by-executor.ts';
import { FLEET, nodeFile, read } from '../support/desired-files.ts';

const NAMESPACE = 'novacula-system';
const policyOf = (spec: PolicySpec) =>
  completePolicy(spec, {
    namespace: NAMESPACE,
    reservedSecrets: ['nodewright-git'],
    workerImage: 'nodewright/nodewright',
  });
const withSpec = (lines: string, name = 'evil') => nodeFile(name, (text) => `${text}${lines}`);

/** A node that asks for everything: host, service account and root, in the namespace of a tool that may change the cluster. */
const EVIL = nodeFile('evil', (text) => text.replace('  name: evil', '  name: evil\n  namespace: argocd')).concat(
  `  patches:
    - target: { kind: StatefulSet }
      patch:
        - { op: add, path: /spec/template/spec/serviceAccountName, value: argocd-application-controller }
        - { op: replace, path: /spec/template/spec/automountServiceAccountToken, value: true }
        - { op: add, path: /spec/template/spec/hostNetwork, value: true }
        - { op: add, path: /spec/template/spec/volumes/-, value: { name: h, hostPath: { path: / } } }
        - { op: replace, path: /spec/template/spec/containers/0/securityContext, value: { privileged: true, runAsUser: 0 } }
`,
);

const request = (kind: string, spec: string, namespace = NAMESPACE) =>
  `apiVersion: validatoros.com/v1alpha1\nkind: ${kind}\nmetadata: { name: x, namespace: ${namespace} }\nspec: ${spec}\n`;

const withMetadata = (line: string) =>
  nodeFile('evil', (text) => text.replace('  name: evil', `  name: evil\n  ${line}`));
const withCheckpoint = (url: string) => nodeFile('evil', (text) => text.replace('https://checkpoint.example.com', url));
const patchOf = (operation: string) =>
  `apiVersion: validatoros.com/v1alpha1\nkind: FleetPatch\nmetadata: { name: p }\nspec:\n  match: {}\n  patch:\n    - ${operation}\n`;

interface Row {
  readonly because: string;
  readonly files: Readonly<Record<string, string>>;
  /** Code and line of every problem. */
  readonly problems: readonly string[];
}

const hostile: readonly Row[] = [
  {
    because: 'rights over the whole cluster by patches',
    files: { 'nodes/evil.yaml': EVIL },
    problems: [
      'NamespaceNotAllowed 5',
      ...[18, 19, 20, 21, 22].map((line) => `PatchPathNotAllowed ${line}`),
      'ServiceAccount 18',
      'ServiceAccountToken 19',
      'HostNetwork 20',
      'HostPath 21',
      'Capabilities 22',
      'PrivilegeEscalation 22',
      'Privileged 22',
      'RunAsUser 22',
    ],
  },
  {
    because: "the controller's own credentials as an identity",
    files: { 'nodes/evil.yaml': withSpec('  identity: { secretName: nodewright-git }\n') },
    problems: ['SecretNotAllowed 14'],
  },
  {
    because: 'an image from another repository',
    files: {
      'nodes/evil.yaml': nodeFile('evil', (text) => text.replace('version: "1.16.7"', 'image: evil.example/x:1')),
    },
    problems: ['ImageNotAllowed 9'],
  },
  {
    because: 'the priority of Kubernetes itself, on every Kubernetes node',
    files: {
      'nodes/evil.yaml': withSpec(
        '  priorityClassName: system-node-critical\n  tolerations:\n    - { operator: Exists }\n',
      ),
    },
    problems: ['SystemPriority 14', 'TolerateEverything 16'],
  },
  {
    because: "a label that joins another team's Service",
    files: { 'nodes/evil.yaml': withSpec('  podLabels:\n    app: pay\n') },
    problems: ['LabelNotAllowed 15'],
  },
  {
    because: 'the name of a ConfigMap of the controller',
    files: { 'nodes/evil.yaml': nodeFile('nodewright-primary') },
    problems: ['ReservedName 4'],
  },
  {
    because: 'the same by a FleetPatch',
    files: {
      'nodes/good.yaml': nodeFile('good'),
      'patches/evil.yaml': `apiVersion: validatoros.com/v1alpha1
kind: FleetPatch
metadata: { name: evil }
spec:
  match: {}
  patch:
    - op: add
      path: /priorityClassName
      value: system-node-critical
`,
    },
    problems: ['SystemPriority 8'],
  },
  {
    because: 'the same by the defaults of the Fleet',
    files: {
      'fleet.yaml': `apiVersion: validatoros.com/v1alpha1
kind: Fleet
metadata: { name: fleet }
spec:
  defaults:
    all:
      podLabels: { app: pay }
`,
      'nodes/good.yaml': nodeFile('good'),
    },
    problems: ['LabelNotAllowed 7'],
  },
  {
    because: 'an exception that the file itself records as approved',
    files: {
      'nodes/evil.yaml': withMetadata('annotations: { validatoros.com/policy-exceptions: HostNetwork.00000000 }'),
    },
    problems: ['ForbiddenMetadata 5'],
  },
  {
    because: 'the same on the pod',
    files: { 'nodes/evil.yaml': withSpec('  podAnnotations: { validatoros.com/policy-exceptions: HostNetwork.0 }\n') },
    problems: ['AnnotationNotAllowed 14'],
  },
  {
    because: 'a label that makes it an object of another node',
    files: { 'nodes/evil.yaml': withMetadata('labels: { novacula.com/node: other }') },
    problems: ['ForbiddenMetadata 5'],
  },
  {
    because: 'a sidecar that no list names',
    files: { 'nodes/evil.yaml': withSpec('  sidecars: [{ name: s, image: docker.io/library/busybox:1 }]\n') },
    problems: ['ImageNotAllowed 14'],
  },
  {
    because: 'a checkpoint from a file',
    files: { 'nodes/evil.yaml': withCheckpoint('file:///etc/passwd') },
    problems: ['InvalidValue 13'],
  },
  {
    because: 'a checkpoint with credentials in its URL',
    files: { 'nodes/evil.yaml': withCheckpoint('https://user:word@checkpoint.example.com') },
    problems: ['InvalidValue 13'],
  },
  {
    because: 'another name and namespace by a FleetPatch, which reaches only the spec',
    files: {
      'nodes/good.yaml': nodeFile('good'),
      'patches/evil.yaml': patchOf('{ op: add, path: /metadata, value: { name: x, namespace: kube-system } }'),
    },
    problems: ['UnknownField 7'],
  },
  {
    because: 'another namespace by the defaults of the Fleet, which reach only the spec',
    files: {
      'nodes/good.yaml': nodeFile('good'),
      'fleet.yaml': `${FLEET}  defaults: { all: { namespace: kube-system } }\n`,
    },
    problems: ['UnknownField 6'],
  },
  {
    because: 'a job with an image from another repository',
    files: { 'nodes/a.yaml': nodeFile('a'), 'jobs/x.yaml': request('Backup', '{ node: a, image: evil }') },
    problems: ['ImageNotAllowed 4'],
  },
  {
    because: "a job on another team's workload",
    files: {
      'jobs/x.yaml': request(
        'ChangeOwner',
        '{ chain: c, node: ledger, deployMethod: cloud-config, uid: 0 }',
        'payments',
      ),
    },
    problems: ['ForeignWorkloadNotAllowed 3', 'RootOwner 4'],
  },
  {
    because: 'a schedule that creates such a job',
    files: {
      'nodes/a.yaml': nodeFile('a'),
      'schedules/x.yaml': request(
        'JobSchedule',
        '{ schedule: 0 3 * * *, template: { kind: Backup, spec: { node: a, image: evil.example/x } } }',
      ),
    },
    problems: ['ImageNotAllowed 4'],
  },
];

const errorsOf = (files: Readonly<Record<string, string>>, spec: PolicySpec = {}) =>
  read(files, { policy: policyOf(spec) }).problems.filter(({ level }) => level === 'error');

describe('a hostile repository', () => {
  it.each(hostile)('is refused: $because', ({ files, problems }) => {
    const found = errorsOf(files);
    expect(found.map(({ code, line }) => `${code} ${line}`).sort()).toEqual([...problems].sort());
    const set = read(files, { policy: policyOf({}) });
    expect(
      set.nodes.has(`${NAMESPACE}/evil`) || set.nodes.has('argocd/evil') || set.nodes.has(`${NAMESPACE}/good`),
    ).toBe(false);
    expect([...set.requests.keys(), ...set.schedules.keys()]).toEqual([]);
  });

  it('gets a message with what is refused and what to do', () => {
    const [found] = errorsOf({ 'nodes/evil.yaml': withSpec('  podLabels:\n    app: pay\n') });
    expect(found === undefined ? '' : describeProblem(found)).toBe(
      'nodes/evil.yaml:15:10 error LabelNotAllowed spec.podLabels.app: spec.template.metadata.labels.app of StatefulSet novacula-system/evil is not an allowed label. The policy of the controller refuses it (LabelNotAllowed). Choose an allowed value, or ask the administrator to add yours to the policy.',
    );
  });
});

describe('an exception of the policy', () => {
  const spec: PolicySpec = {
    patches: { StatefulSet: ['/spec/template/spec/hostNetwork'] },
    rules: [{ when: { paths: ['nodes/edge/**'] }, allow: { exceptions: ['HostNetwork'] } }],
  };
  const host = withSpec(
    '  patches:\n    - target: { kind: StatefulSet }\n      patch: [{ op: add, path: /spec/template/spec/hostNetwork, value: true }]\n',
  );

  it('applies to the files that it names and is recorded on the object', () => {
    const { nodes, problems } = read({ 'nodes/edge/evil.yaml': host }, { policy: policyOf(spec) });
    expect(problems).toEqual([]);
    const annotations = nodes.get(`${NAMESPACE}/evil`)?.node.metadata.annotations;
    expect(annotations?.[ANNOTATION.policyExceptions]).toMatch(/^HostNetwork\.[0-9a-f]{8}$/);
  });

  it('does not apply to the same file in another folder', () => {
    expect(errorsOf({ 'nodes/evil.yaml': host }, spec).map(({ code }) => code)).toEqual(['HostNetwork']);
  });
});

describe('a job that uses more than the default policy allows', () => {
  const wide = policyOf({ images: { jobs: ['registry.example/tools/*'] } });
  const backup = (image: string) => ({
    'nodes/a.yaml': nodeFile('a'),
    'jobs/x.yaml': request('Backup', `{ node: a, image: ${image} }`),
  });
  const digestOf = (image: string) =>
    read(backup(image), { policy: wide }).requests.get(`Backup/${NAMESPACE}/x`)?.needsApproval?.digest;

  it('needs an approval of exactly what it asks for', () => {
    const digest = digestOf('registry.example/tools/copy:1');
    expect(digest).toMatch(/^sha256:/);
    expect(digestOf('registry.example/tools/copy:1')).toBe(digest);
    expect(digestOf('registry.example/tools/copy:2')).not.toBe(digest);
  });

  it('needs one for all runs of a schedule', () => {
    const template = '{ kind: Backup, spec: { node: a, image: registry.example/tools/copy } }';
    const files = {
      'nodes/a.yaml': nodeFile('a'),
      'schedules/x.yaml': request('JobSchedule', `{ schedule: 0 3 * * *, template: ${template} }`),
    };
    const found = read(files, { policy: wide }).schedules.get(`${NAMESPACE}/x`);
    expect(found?.needsApproval).toMatchObject({ rules: ['ImageNotAllowed'] });
  });
});

describe('the policies of several controllers', () => {
  const policies = new Map([['east', policyOf({ labels: ['app'], images: { jobs: ['evil.example/*'] } })]]);
  const policy = byExecutor(policies, policyOf({}));
  const on = (executor: string) => withSpec(`  executor: ${executor}\n  podLabels: { app: pay }\n`, executor);
  const files = {
    'fleet.yaml': FLEET.replace('{ name: demo }', '{ name: east }, { name: west }'),
    'nodes/east.yaml': on('east'),
    'nodes/west.yaml': on('west'),
    'jobs/x.yaml': request('Backup', '{ node: east, executor: east, image: evil.example/x }'),
    'schedules/x.yaml': request(
      'JobSchedule',
      '{ executor: west, schedule: 0 3 * * *, template: { kind: Backup, spec: { node: west, image: evil.example/x } } }',
    ),
  };

  it('each judge the files of their own executor', () => {
    const { nodes, requests, schedules, problems } = read(files, { policy });
    const denied = problems.filter(({ code }) => /NotAllowed/.test(code)).map(({ code, file }) => `${file} ${code}`);
    expect(denied).toEqual(['nodes/west.yaml LabelNotAllowed', 'schedules/x.yaml ImageNotAllowed']);
    expect([...nodes.keys()]).toEqual([`${NAMESPACE}/east`]);
    expect([requests.size, schedules.size]).toEqual([1, 0]);
  });
});

describe('a node that is refused', () => {
  const labelled = (state: string) => withSpec(`  desiredState: ${state}\n  podLabels:\n    app: pay\n`);

  it('is to be stopped when its file says so', () => {
    const { nodes, stoppedNodes } = read({ 'nodes/evil.yaml': labelled('Stopped') }, { policy: policyOf({}) });
    expect(nodes.size).toBe(0);
    expect([...stoppedNodes]).toEqual([[`${NAMESPACE}/evil`, 'nodes/evil.yaml']]);
  });

  it.each([
    { because: 'its file says that it runs', files: { 'nodes/evil.yaml': labelled('Running') } },
    {
      because: 'another file declares it too',
      files: { 'nodes/evil.yaml': labelled('Stopped'), 'nodes/other.yaml': nodeFile('evil') },
    },
    {
      because: 'its file has another error',
      files: { 'nodes/evil.yaml': labelled('Stopped').replace('hoodi', 'hoody') },
    },
  ])('is not to be stopped when $because', ({ files }) => {
    expect(read(files, { policy: policyOf({}) }).stoppedNodes.size).toBe(0);
  });
});

describe('a rule for a folder', () => {
  const rule = (...paths: string[]): PolicySpec => ({
    patches: { StatefulSet: ['/spec/template/spec/hostNetwork'] },
    rules: [{ when: { paths: ['nodes/edge/**', ...paths] }, allow: { exceptions: ['HostNetwork'] } }],
  });
  const HOST =
    '{ target: { kind: StatefulSet }, patch: [{ op: add, path: /spec/template/spec/hostNetwork, value: true }] }';
  const fleet = (defaults: string) =>
    `apiVersion: validatoros.com/v1alpha1\nkind: Fleet\nmetadata: { name: fleet }\nspec:\n  defaults: ${defaults}\n`;
  const edge = { 'nodes/edge/a.yaml': nodeFile('a') };
  const own = { 'nodes/edge/a.yaml': withSpec(`  patches: [${HOST}]\n`, 'a') };
  const patching = { 'patches/p.yaml': patchOf(`{ op: add, path: /patches, value: [${HOST}] }`) };
  const version = patchOf('{ op: replace, path: /clients/el/version, value: "1.16.8" }');
  const changed = patchOf('{ op: replace, path: /patches/0/patch/0/value, value: true }');

  it.each([
    { because: 'a patch from another folder', files: { ...edge, ...patching }, at: 'patches/p.yaml:7' },
    {
      because: 'a patch that changes a value in the file',
      files: { ...own, 'patches/p.yaml': changed },
      at: 'nodes/edge/a.yaml:14',
    },
    {
      because: 'a default of fleet.yaml',
      files: { ...edge, 'fleet.yaml': fleet(`{ chains: { ethereum: { patches: [${HOST}] } } }`) },
      at: 'fleet.yaml:5',
    },
    {
      because: 'a default of fleet.yaml beside it',
      files: { ...own, 'fleet.yaml': fleet('{ all: { podAnnotations: { note: x } } }') },
      at: 'nodes/edge/a.yaml:14',
    },
  ])('gives nothing to $because', ({ files, at }) => {
    const [found, ...more] = errorsOf(files, rule());
    expect(more).toEqual([]);
    expect(`${found?.code} ${found?.file}:${found?.line}`).toBe(`HostNetwork ${at}`);
    const [other = ''] = Object.keys(files).filter((file) => !file.startsWith('nodes/'));
    expect(found?.message).toContain(`nodes/edge/a.yaml may do it alone, but ${other} also changes this node`);
    expect(read(files, { policy: policyOf(rule()) }).nodes.size).toBe(0);
  });

  it.each([
    { because: 'the file itself', files: own, spec: rule() },
    { because: 'a patch that it names too', files: { ...edge, ...patching }, spec: rule('patches/p.yaml') },
    {
      because: 'a file whose version a patch raises',
      files: { ...own, 'patches/p.yaml': version },
      spec: rule(),
    },
    {
      because: 'a file with default sizes',
      files: { ...own, 'fleet.yaml': fleet('{ all: { resources: { el: { requests: { cpu: "1" } } } } }') },
      spec: rule(),
    },
    {
      because: 'a file that sets what fleet.yaml has a default for',
      files: {
        'nodes/edge/a.yaml': withSpec(`  serviceType: ClusterIP\n  patches: [${HOST}]\n`, 'a'),
        'fleet.yaml': fleet('{ all: { serviceType: NodePort } }'),
      },
      spec: rule(),
    },
    {
      because: 'a file beside a patch for other nodes',
      files: {
        ...own,
        'patches/p.yaml': patchOf('{ op: add, path: /args, value: {} }').replace('{}', '{ names: [b] }'),
      },
      spec: rule(),
    },
  ])('gives its rights to $because', ({ files, spec }) => {
    expect(errorsOf(files, spec)).toEqual([]);
    const { nodes } = read(files, { policy: policyOf(spec) });
    expect(nodes.get(`${NAMESPACE}/a`)?.node.metadata.annotations?.[ANNOTATION.policyExceptions]).toMatch(
      /^HostNetwork/,
    );
  });
});

describe('the file of a policy', () => {
  const file = (spec: string) =>
    `apiVersion: validatoros.com/v1alpha1\nkind: Policy\nmetadata: { name: p }\nspec: ${spec}\n`;

  it('is read', () => {
    expect(readPolicy('p.yaml', file('{ namespaces: [a] }'))).toEqual({ ok: true, spec: { namespaces: ['a'] } });
  });

  it.each([
    {
      because: 'an unknown field',
      text: file('{ namespace: [a] }'),
      says: 'p.yaml:4:9 error UnknownField spec.namespace',
    },
    ...['ghcr.io/us/Nodewright', 'ghcr.io/us/nodewright:1'].map((repository) => ({
      because: `the repository ${repository}`,
      text: file(`{ selfUpdate: { repository: '${repository}' } }`),
      says: 'must be a repository such as "ghcr.io/us/nodewright"',
    })),
    { because: 'nothing', text: '', says: 'NotOnePolicy' },
    { because: 'two policies', text: `${file('{}')}---\n${file('{}')}`, says: 'p.yaml:7:7 error NotOnePolicy' },
    { because: 'another kind', text: file('{}').replace('Policy', 'Fleet'), says: 'p.yaml:2:7 error' },
    { because: 'broken YAML', text: 'a: [', says: 'BadYaml' },
  ])('is refused with $because', ({ text, says }) => {
    const found = readPolicy('p.yaml', text);
    expect(found.ok ? '' : found.problems.map(describeProblem).join('\n')).toContain(says);
  });
});
