// The yardstick: the writes of a first sync by a client that does nothing else, 32 at a time.

import { DEFAULT_NAMESPACE, FIELD_MANAGER } from '../../src/api/group.ts';
import { readDesired } from '../../src/desired/read.ts';
import { objectPath } from '../../src/kube/paths.ts';
import type { Transport } from '../../src/kube/transport.ts';
import { planNodes } from '../../src/plan/plan.ts';
import { type KubeObject, refOf } from '../../src/api/objects.ts';
import { eachAtOnce } from '../../src/controller/engine/each-at-once.ts';
import { EXECUTOR, fleetFiles, type FleetShape } from './fleet.ts';
import { send } from './raw-request.ts';
import { sourceFiles } from './source-files.ts';
import type { Stage } from './stage.ts';
import { until } from './wait.ts';

const AT_ONCE = 32;

/** Milliseconds that the server-side applies of all nodes take on this server now. Removes them afterwards. */
export async function timeBareClient({ fleet, transport, nodes }: Stage): Promise<number> {
  const objects = wantedObjects(fleet);
  const started = performance.now();
  await eachAtOnce(objects, AT_ONCE, (object) => applyBarely(transport, object));
  const took = performance.now() - started;
  await eachAtOnce(objects, AT_ONCE, async (object) => {
    await send(transport, { method: 'DELETE', path: objectPath(refOf(object)) });
  });
  await until('the yardstick objects to be gone', 60_000, () => nodes.list().length === 0);
  return took;
}

/** What the controller's plan of an empty cluster creates. */
function wantedObjects(fleet: FleetShape): readonly KubeObject[] {
  const desired = readDesired(sourceFiles(fleetFiles(fleet)), { defaultNamespace: DEFAULT_NAMESPACE });
  const plan = planNodes({ desired, current: [], executor: EXECUTOR, revision: 'main@sha1:0' });
  return plan.actions.flatMap((action) => (action.do === 'create' ? [action.object] : []));
}

async function applyBarely(transport: Transport, object: KubeObject): Promise<void> {
  const query = `fieldManager=${FIELD_MANAGER}&force=true&fieldValidation=Strict`;
  const path = `${objectPath(refOf(object))}?${query}`;
  await send(transport, { method: 'PATCH', path, contentType: 'application/apply-patch+yaml', body: object });
}
