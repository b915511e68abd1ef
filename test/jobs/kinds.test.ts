// The contract of every kind of job: add one to the list, and all of this holds for it or fails.

import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { JobStatus } from '../../src/api/job-status.ts';
import { TaskParameters } from '../../src/api/worker-task.ts';
import { valueAt } from '../../src/lib/json-value.ts';
import { stableJson } from '../../src/lib/stable-json.ts';
import { digestOfObject, jobKinds, readRequest } from '../../src/jobs/kinds/index.ts';
import type { JobView } from '../../src/jobs/model/job-kind.ts';
import { renderWorkerJob } from '../../src/jobs/task/render-job.ts';
import { citaTarget, managedTarget, settings, source, targetSeen, viewFor } from './support/fixtures.ts';

const rollback = {
  how: 'served',
  client: {
    image: 'geth:1',
    command: ['geth'],
    args: ['--datadir=/data', '--maxpeers=0'],
    mounts: [{ volume: 'data', path: '/data' }],
  },
  asks: [
    {
      id: 'set',
      role: 'el',
      port: 8545,
      method: 'POST',
      path: '/',
      body: { method: 'debug_setHead', params: ['0x1e'] },
    },
  ],
  height: {
    ask: { id: 'n', role: 'el', port: 8545, method: 'POST', path: '/', body: { method: 'eth_blockNumber' } },
    at: ['result'],
    format: 'hex',
  },
} as const;

function viewOf(kind: string, method: 'managed' | 'cloud-config'): JobView {
  const make = method === 'managed' ? managedTarget : citaTarget;
  const targets = (kind === 'Switchover' ? ['a', 'b'] : ['a']).map((name) => make(name));
  const answers = {
    identityFiles: [],
    signerState: [],
    snapshot: { how: 'copy' },
    switchover: { how: 'secret' },
    rollback,
  } as const;
  return viewFor(kind, targets, {
    targets: new Map(targets.map((target) => [target.node, targetSeen(target, { answers })])),
    source: method === 'managed' ? source() : source({ chain: 'test-chain', deployMethod: 'cloud-config' }),
  });
}

describe.each(jobKinds)('$kind', (kind) => {
  const spec = kind.example;

  it('has printer columns and a word for every way of deployment', () => {
    expect(kind.printerColumns.map(({ name }) => name)).toEqual(expect.arrayContaining(['Phase', 'Message', 'Age']));
    for (const { jsonPath } of kind.printerColumns) expect(pathExists(jsonPath, kind.spec)).toBe(true);
    for (const word of Object.values(kind.methods)) expect(word === true || word.length > 20).toBe(true);
    expect(kind.summary).toMatch(/\.$/);
  });

  it('has a schema that a CRD can hold: no unions', () => {
    const text = stableJson(z.toJSONSchema(kind.spec, { io: 'input' }));
    expect(text).not.toContain('"anyOf"');
    expect(text).not.toContain('"oneOf"');
    expect(text).toContain('self == oldSelf');
  });

  it('refuses fields it does not know, and defaults are never written back', () => {
    expect(kind.spec.safeParse({ ...spec, nodee: 'a' }).success).toBe(false);
    const before = stableJson(spec);
    kind.open(spec);
    expect(stableJson(spec)).toBe(before);
  });

  it.each([-1, 1.5, '30', 2 ** 60])('refuses %s seconds to live', (ttlSecondsAfterFinished) => {
    expect(kind.spec.safeParse({ ...spec, ttlSecondsAfterFinished }).success).toBe(false);
  });

  it.each(['r.example/a:1 2', 'r.example/a:', 'r.example/A:1', 'r.example/a:-1', `a:${'1'.repeat(129)}`, 'a@sha256:1'])(
    'refuses the image %s, which no kubelet could pull',
    (image) => expect(kind.spec.safeParse({ ...spec, image }).success).toBe(false),
  );

  it.each(['a', 'r.example:5000/a/b__c:v1.2@sha256:' + 'a'.repeat(64), '[::1]:5000/a'])(
    'accepts the image %s',
    (image) => expect(kind.spec.safeParse({ ...spec, image }).success).toBe(true),
  );

  it.each(['managed', 'cloud-config'] as const)(
    'says the same of the same facts, and makes the pod in the golden file: %s',
    async (method) => {
      const full = { ...spec, ...(method === 'managed' ? {} : { deployMethod: method, chain: 'test-chain' }) };
      const job = kind.open(full);
      const view = viewOf(kind.kind, method);
      const plan = job.plan(view);
      expect(job.plan(view)).toEqual(plan);
      expect('refused' in plan ? plan.message : plan.do).toBe(kind.kind === 'Switchover' ? 'exchange' : 'pods');
      const { pvc, pods } = 'pods' in plan ? plan : { pvc: undefined, pods: [] };
      const objects = pods.map((task) =>
        renderWorkerJob({ job: view.job, common: job.common, settings, name: 'work', task }),
      );
      for (const { parameters } of pods) expect(TaskParameters.parse(parameters)).toEqual(parameters);
      for (const object of objects) checkPod(object);
      await expect(
        `${JSON.stringify([...(pvc === undefined ? [] : [pvc]), ...objects], null, 2)}\n`,
      ).toMatchFileSnapshot(`../golden/jobs/${kind.kind.toLowerCase()}-${method}.json`);
    },
  );
});

/** No rights, no labels of the node, no way to hang for ever. */
function checkPod(object: object): void {
  const pod = valueAt(object, ['spec', 'template', 'spec']);
  expect(pod).toMatchObject({ restartPolicy: 'Never', automountServiceAccountToken: false });
  expect(object).toMatchObject({ spec: { backoffLimit: 0, suspend: true, activeDeadlineSeconds: 21_600 } });
  const labels = Object.keys(Object(valueAt(object, ['spec', 'template', 'metadata', 'labels'])));
  expect(labels).not.toEqual(expect.arrayContaining(['novacula.com/node']));
  expect(labels.some((label) => label.startsWith('app.kubernetes.io/chain'))).toBe(false);
  const text = JSON.stringify(object);
  expect(text).not.toContain('ownerReferences');
  // No shell anywhere.
  expect(text).not.toMatch(/"(\/bin\/)?(ba)?sh"/);
  for (const container of [valueAt(pod, ['containers']), valueAt(pod, ['initContainers'])].flat()) {
    expect(container).toMatchObject({
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      resources: { limits: {} },
    });
  }
}

function pathExists(jsonPath: string, spec: z.ZodObject): boolean {
  const [, place = '', field = ''] = jsonPath.split('.');
  if (place === 'metadata') return true;
  return Object.hasOwn(place === 'spec' ? spec.shape : JobStatus.shape, field);
}

it('knows a request by its kind and its spec with all defaults', () => {
  const digest = digestOfObject({ kind: 'Backup', spec: { node: 'a' } });
  expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(digestOfObject({ kind: 'Backup', spec: { node: 'a', action: 'StopAndStart' } })).toBe(digest);
  const others = [
    { kind: 'Backup', spec: { node: 'b' } },
    { kind: 'ChangeOwner', spec: { node: 'a' } },
  ];
  for (const other of others) expect([undefined, digest]).not.toContain(digestOfObject(other));
  for (const none of [
    { kind: 'Recover', spec: { node: 'a' } },
    { kind: 'Backup', spec: {} },
  ])
    // prettier-ignore
    expect([digestOfObject(none), readRequest(none)]).toEqual([undefined, undefined]);
});

describe('ChangeOwner', () => {
  it('can give files to root', () => {
    const kind = jobKinds.find((candidate) => candidate.kind === 'ChangeOwner');
    const plan = kind?.open({ node: 'a', uid: 0, gid: 0 }).plan(viewOf('ChangeOwner', 'managed'));
    expect(plan).toMatchObject({
      do: 'pods',
      pods: [
        {
          parameters: { verb: 'chown', uid: 0, gid: 0 },
          runAs: { uid: 0, capabilities: ['CHOWN', 'DAC_OVERRIDE'] },
        },
      ],
    });
  });
});

describe('Restore of a snapshot', () => {
  const kind = jobKinds.find((candidate) => candidate.kind === 'Restore');
  const spec = { node: 'a', snapshot: 's', deployMethod: 'cloud-config', chain: 'test-chain' };
  const snapshot = { kind: 'Snapshot', deployMethod: 'cloud-config', chain: 'test-chain', height: 30 };

  function plan(more: object, given: object = spec) {
    const base = viewOf('Restore', 'cloud-config');
    return kind
      ?.open(given)
      .plan({ ...base, observed: { ...base.observed, source: source({ ...snapshot, ...more }) } });
  }

  it('that cloud-op 0.2 wrote is checked first, then read back with the same verbs', () => {
    const found = plan({ format: '0.2.3' }, { ...spec, image: 'x/cita-node-job:v0.0.2' });
    expect(found).toMatchObject({
      do: 'pods',
      pods: [
        {
          before: [
            { name: 'check' },
            {
              name: 'cloud-op',
              args: [
                'state-recover',
                '30',
                '--node-root',
                '/restore-dest',
                '--config-path',
                '/cita-config/config.toml',
                '--backup-path',
                '/restore-source/state',
                '--consensus',
                'overlord',
              ],
            },
          ],
        },
      ],
    });
  });

  it.each([
    { because: 'no image', more: {}, reason: 'ToolTooNew', says: /^Backup prod\/nightly was written by cloud-op 0\.2\.3: set spec\.image/ },
    { because: 'a newer image', more: { image: 'x/cloud-op:v0.3.1' }, reason: 'ToolTooNew', says: /^cloud-op 0\.3\.1 has no state-recover/ },
    { because: 'a newer version', more: { toolVersion: '0.3.0' }, reason: 'ToolTooNew', says: /^cloud-op 0\.3\.0 has no state-recover/ },
    { because: 'an image that says no version', more: { image: 'x:1' }, reason: 'UnknownToolVersion', says: /^the tag of x:1/ },
  ])('and is refused with what to give for $because', ({ more, reason, says }) => {
    expect(plan({ format: '0.2.3' }, { ...spec, ...more })).toMatchObject({ refused: true, reason, message: expect.stringMatching(says) });
  }); // prettier-ignore

  it('and is refused where the consensus of the node is not known', () => {
    const { consensus: _consensus, ...target } = citaTarget('a');
    const view = viewFor('Restore', [target], { source: source({ ...snapshot, format: '0.2.3' }) });
    expect(kind?.open({ ...spec, image: 'x:1', toolVersion: '0.2.4' }).plan(view)).toMatchObject({ refused: true, reason: 'UnknownConsensus' }); // prettier-ignore
  });

  it.each([
    { because: 'a Backup', more: { kind: 'Backup', format: '0.2.3' }, from: '/source/backup', scope: 'volume' },
    { because: 'a Snapshot of a managed node', more: { deployMethod: 'managed', format: '0.2.3' }, from: '/source/backup', scope: 'volume' },
    { because: 'a Snapshot in no known form', more: {}, from: '/source/30', scope: 'entries' },
  ])('is a copy of files from $because', ({ more, from, scope }) => {
    expect(plan(more)).toMatchObject({ pods: [{ parameters: { verb: 'restore', from, scope } }] });
  }); // prettier-ignore

  it('that cloud-op 0.3 wrote replaces only what it holds, and keeps keys and what the node has voted for', () => {
    expect(plan({ format: '0.3.1' })).toMatchObject({
      pods: [
        {
          parameters: {
            verb: 'restore',
            from: '/source/30',
            scope: 'entries',
            keep: expect.arrayContaining([
              { volume: 'data', path: 'overlord_wal' },
              { volume: 'data', path: 'private_key' },
            ]),
          },
        },
      ],
    });
  });
});
