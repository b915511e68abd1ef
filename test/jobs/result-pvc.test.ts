// The PVC of a result: made once, known by its UID, and never one that another job made.

import { describe, expect, it } from 'vitest';

import type { JobStatus } from '../../src/api/job-status.ts';
import { resultPvc } from '../../src/jobs/task/result-pvc.ts';
import { managedTarget, UID } from './support/fixtures.ts';
import { locks, pvc, step, stopped, working } from './support/step.ts';
import type { ObservedPvc } from '../../src/jobs/model/observation.ts';

describe('while the work begins', () => {
  const { claimName: _name, claimUid: _uid, ...before } = working;
  const observe = (status: JobStatus, live: ObservedPvc | undefined): ReturnType<typeof step> =>
    step({ status, observed: { locks, targets: new Map([['a', stopped]]), pvc: live } });

  it('creates the PVC, and stores its name first', () => {
    const { status, effects } = observe(before, undefined);
    expect(status).toMatchObject({ phase: 'Working', claimName: pvc.name });
    expect(effects).toMatchObject([{ do: 'createPvc', object: { metadata: { name: pvc.name } } }]);
  });

  it('stores the UID of the PVC before any pod mounts it', () => {
    const { status, effects } = observe({ ...before, claimName: pvc.name }, pvc);
    expect(status).toMatchObject({ phase: 'Working', claimUid: pvc.uid });
    expect(effects).toEqual([]);
  });

  const { object } = pvc;
  it.each([
    { because: 'was there before', status: before, change: {}, says: 'it was made before the job could make it' },
    { because: 'has other data', change: { spec: { storageClassName: 'nas', dataSource: { kind: 'PersistentVolumeClaim', name: 'x' } } }, says: 'its spec.dataSource is another' },
    { because: 'lies elsewhere', change: { spec: { storageClassName: 'shared' } }, says: 'its spec.storageClassName is another' },
    { because: 'would not be found by retention', change: { metadata: { ...object.metadata, labels: { ...object.metadata.labels, 'validatoros.com/job': 'x' } } }, says: 'its label validatoros.com/job is another' },
    { because: 'goes with something else', change: { metadata: { ...object.metadata, ownerReferences: [{ uid: 'x' }] } }, says: 'its owners are others' },
  ])('does not take a PVC that $because, and leaves it', ({ status: given = { ...before, claimName: pvc.name }, change, says }) => {
    const live = { ...pvc, object: { ...object, ...change } } as ObservedPvc;
    const { status } = observe(given, live);
    expect(status).toMatchObject({ phase: 'Starting', failure: { reason: 'ClaimTaken', unsafe: false } });
    expect(status.failure?.message).toContain(says);
    const end = { ...status, phase: 'Failed', endTime: status.since } as const;
    const observed = { pvc: live, record: { uid: UID, phase: 'Failed' } } as const;
    expect(step({ status: end, observed }).effects.filter((one) => one.do === 'deletePvc')).toEqual([]);
  }); // prettier-ignore

  it('removes one that was created and not seen any more', () => {
    const status = { ...before, claimName: pvc.name, phase: 'Failed' } as const;
    const { effects } = step({ status, observed: { pvc, record: { uid: UID, phase: 'Failed' } } });
    expect(effects).toContainEqual({ do: 'deletePvc', name: pvc.name, uid: pvc.uid });
  });

  it.each([
    { because: 'disappeared', live: undefined, reason: 'ClaimGone' },
    { because: 'was replaced', live: { ...pvc, uid: 'other' }, reason: 'ClaimGone' },
    { because: 'belongs to another job', live: { ...pvc, jobUid: 'other' }, reason: 'ClaimTaken' },
    { because: 'belongs to no job', live: { ...pvc, jobUid: undefined }, reason: 'ClaimTaken' },
    { because: 'lost its volume', live: { ...pvc, phase: 'Lost' }, reason: 'ClaimLost' },
  ])('fails, and starts the node again, when the PVC $because', ({ live, reason }) => {
    const { status } = observe(working, live as ObservedPvc | undefined);
    expect(status).toMatchObject({ phase: 'Starting', failure: { reason, unsafe: false } });
  });
});

describe('the PVC of a result', () => {
  const job = { kind: 'Backup', namespace: 'prod', name: 'one', uid: UID };
  const made = (volumes: readonly { size?: string; storageClass?: string }[], more: object = {}): unknown =>
    resultPvc({
      job,
      target: managedTarget('a', {
        volumes: volumes.map((one, index) => ({ name: `v${index}`, claim: `v${index}-a-0`, ...one })),
      }),
      storageClass: undefined,
      size: undefined,
      ...more,
    });
  const sized = (storage: string): object => ({ pvc: { spec: { resources: { requests: { storage } } } } });

  it.each([
    { because: 'the size of one volume, as written', volumes: [{ size: '10Gi' }], want: sized('10Gi') },
    { because: 'the sum of several', volumes: [{ size: '1Gi' }, { size: '512Mi' }], want: sized('1536Mi') },
    { because: 'no size where one is unknown', volumes: [{ size: '1Gi' }, {}], want: { reason: 'UnknownSize' } },
    { because: 'no size where none is known', volumes: [{}], want: { reason: 'UnknownSize' } },
  ])('has $because', ({ volumes, want }) => {
    expect(made(volumes)).toMatchObject(want);
  });

  it('has the size and class that the request asks for', () => {
    const more = { size: '7Gi', storageClass: 'slow' };
    expect(made([{ size: '1Gi', storageClass: 'fast' }], more)).toMatchObject({
      pvc: { spec: { storageClassName: 'slow', resources: { requests: { storage: '7Gi' } } } },
    });
  });

  it("has the class of the node's first volume, and none where that is unknown", () => {
    expect(made([{ size: '1Gi', storageClass: 'fast' }])).toMatchObject({
      pvc: { spec: { storageClassName: 'fast' } },
    });
    expect(made([{ size: '1Gi' }])).not.toHaveProperty('pvc.spec.storageClassName');
  });

  it('is owned by nothing, and is not an object of the node', () => {
    const { pvc: object } = made([{ size: '1Gi' }]) as { pvc: { metadata: Record<string, object> } };
    expect(object.metadata).not.toHaveProperty('ownerReferences');
    expect(Object.keys(object.metadata['labels'] ?? {})).not.toContain('novacula.com/node');
  });
});
