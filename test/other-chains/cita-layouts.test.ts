// Jobs on nodes that CITA-Cloud's Python tool and its Helm chart deployed. `pods/jobs-cita.test.ts` has nodes from cloud-config.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { jobsOnHelmNodes } from '../pods/cita/helm-nodes.ts';
import { jobsOnPythonNodes } from '../pods/cita/python-nodes.ts';
import { expectNoTrouble, setScene, type Scene } from '../pods/cita/scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await setScene();
});
afterAll(async () => {
  await scene?.world.close();
});

describe.concurrent('nodes of the Python tool', () => {
  jobsOnPythonNodes(() => scene);
});
describe.concurrent('nodes of the Helm chart', () => {
  jobsOnHelmNodes(() => scene);
});

it('shares no data between node and job, no key between two nodes, and no Service finds a worker pod', () => {
  expect(scene.guards.workingPods('').length).toBeGreaterThan(4);
  expectNoTrouble(scene);
});
