// Retention: removes the backups of a schedule in object storage that its rule does not keep. A JobSchedule with `keep`
// files it after each of its backups.

import { z } from 'zod';

import { Name } from '../../api/fields.ts';
import { Keep } from '../../api/job-schedule.ts';
import { IMMUTABLE, jobFields, StoredDestination } from '../../api/job.ts';
import { AGE, MESSAGE, NODE, PHASE } from './columns.ts';
import { defineJobKind, type JobView, type TaskPlan } from '../model/job-kind.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import { ENGINE_FOLDER, engineParts, repositoryAt, repositoryName, storageOf } from './object-storage.ts';
import { hostOf, ownerOf } from '../task/pod-parts.ts';

const Spec = z
  .strictObject({
    ...jobFields,
    node: Name.describe('The node whose backups are looked through.'),
    schedule: Name.describe('The JobSchedule whose backups are removed; those of others are never touched.'),
    destination: StoredDestination.describe('Where the backups of the schedule go.'),
    keep: Keep.describe('Which backups are kept. The newest good one is never deleted.'),
  })
  .meta(IMMUTABLE);
type Spec = z.infer<typeof Spec>;

const NOT_HERE = 'backups in object storage are removed for managed nodes';

export const retention = defineJobKind({
  kind: 'Retention',
  shortNames: ['ret'],
  title: 'Retention',
  summary: 'Removes the backups of a schedule in object storage that its rule does not keep, and frees their space.',
  spec: Spec,
  example: { node: 'a', schedule: 'nightly', destination: { objectStorage: { name: 'offsite' } }, keep: { last: 7 } },
  printerColumns: [NODE, PHASE, MESSAGE, AGE],
  methods: { managed: true, 'cloud-config': NOT_HERE, python: NOT_HERE, helm: NOT_HERE },
  open: (spec) => ({
    common: spec,
    nodes: [spec.node],
    effect: (stopped) =>
      `removes backups of the schedule ${spec.schedule} from the location ${spec.destination.objectStorage.name}; ${spec.node} ${stopped.length > 0 ? 'stays stopped' : 'keeps running'}`,
    action: 'Direct',
    whileRunning: 'works',
    startProof: 'started',
    repairs: false,
    stops: () => false,
    check: () => [],
    preflight: (view) => {
      const planned = plan(spec, view);
      return 'refused' in planned ? { go: false, refuse: planned } : { go: true };
    },
    plan: (view) => plan(spec, view),
    judge: (_view, [task]) => ({ ok: true, message: task?.message ?? 'done' }),
  }),
});

function plan(spec: Spec, view: JobView): TaskPlan | Refusal {
  const storage = storageOf(view);
  if ('refused' in storage) return storage;
  const [target] = view.targets;
  if (target === undefined) return refuse('NodeMissing', `${spec.node} is not known`);
  const repository = repositoryName(storage.executor, view.job.namespace, target.node);
  const pod = {
    node: target.node,
    repeatable: true,
    unsafeWhenUnclear: false,
    before: [],
    parameters: {
      verb: 'retain',
      repository: repositoryAt(storage, repository),
      at: ENGINE_FOLDER,
      schedule: `${view.job.namespace}/${spec.schedule}`,
      keep: spec.keep,
    },
    ...engineParts(storage, view.job, target),
    runAs: { ...ownerOf(target), capabilities: [] },
    ...hostOf(target, spec, 'StopAndStart'),
  } as const;
  return { do: 'pods', pods: [pod] };
}
