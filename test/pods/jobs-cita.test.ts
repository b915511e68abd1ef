// Jobs on nodes that CITA-Cloud's own tools deployed with cloud-config. `other-chains/cita-layouts.test.ts` has the other layouts.
//
// CITA-Cloud's images can't be had: the services and cloud-op are stand-ins with the documented names, command lines and
// output, on real files in real volumes. Everything else is real, and the requests are documents of the CITA-Cloud operator.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { waitFor } from '../support/wait-for.ts';
import { jobsOnBothNodes } from './cita/both-nodes.ts';
import { jobsOnOneNode } from './cita/one-node.ts';
import { expectNoTrouble, setScene, type Scene } from './cita/scene.ts';
import { jobsOnStoppedNode } from './cita/stopped-node.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await setScene();
});
afterAll(async () => {
  await scene?.world.close();
});

describe.concurrent('a node from cloud-config', () => {
  jobsOnOneNode(() => scene);
});
describe.concurrent('a stopped node from cloud-config', () => {
  jobsOnStoppedNode(() => scene);
});

// Later: it needs both nodes, and kills the controller that all of them share.
describe('both nodes from cloud-config', () => {
  jobsOnBothNodes(() => scene);
});

describe('what can not work', () => {
  it.each([
    { method: 'python', because: 'there is no account to point elsewhere' },
    { method: 'helm', because: 'one StatefulSet runs all nodes' },
  ])('validate refuses a Switchover with $method and says why', async ({ method, because }) => {
    const text = scene.document('switchover-sample', { 'spec:': `spec:\n  deployMethod: ${method}` });
    const { code, stdout, stderr } = await scene.world.validate({}, { 'jobs/switchover.yaml': text });
    expect({ code, said: stdout + stderr }).toEqual({ code: 1, said: expect.stringContaining(because) });
  });
});

describe('all the time', () => {
  it('no data was shared by node and job, no key by two nodes, and no Service found a worker pod', () => {
    expect(scene.guards.workingPods('').length).toBeGreaterThan(6);
    expectNoTrouble(scene);
  });

  it('worker pods go after ttlSecondsAfterFinished', async () => {
    const jobs = async (): Promise<string> => await scene.world.kubectl(['get', 'jobs', '-o', 'name']);
    await waitFor('no Job to be left', async () => (await jobs()) === '', 90_000);
    expect(await jobs()).toBe('');
  });
});
