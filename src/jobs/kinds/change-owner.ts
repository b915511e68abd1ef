// ChangeOwner: gives all files of a node to a user and a group.

import { z } from 'zod';

import { Name } from '../../api/fields.ts';
import { IMMUTABLE, JobAction, jobFields } from '../../api/job.ts';
import { AGE, MESSAGE, NODE, PHASE } from './columns.ts';
import { byAction } from './effect-text.ts';
import { defineJobKind, type JobView } from '../model/job-kind.ts';
import { dataAt, hostOf } from '../task/pod-parts.ts';
import type { TaskSpec } from '../model/task-spec.ts';

/** Linux keeps 4294967295 for "no change". */
const OwnerId = z.int().min(0).max(4_294_967_294);

const Spec = z
  .strictObject({
    ...jobFields,
    node: Name.describe('The node whose files get another owner.'),
    action: JobAction.default('StopAndStart').describe('`Direct` changes the files without stopping the node.'),
    uid: OwnerId.default(1000).describe('Number of the user that gets the files.'),
    gid: OwnerId.default(1000).describe('Number of the group that gets the files.'),
  })
  .meta(IMMUTABLE);
type Spec = z.infer<typeof Spec>;

export const changeOwner = defineJobKind({
  kind: 'ChangeOwner',
  shortNames: ['chown'],
  title: 'Change of owner',
  summary: "Gives all files on a node's volumes to a user and a group; links are not followed.",
  spec: Spec,
  example: { node: 'a', uid: 1000, gid: 1000 },
  printerColumns: [NODE, PHASE, MESSAGE, AGE],
  methods: { managed: true, 'cloud-config': true, python: true, helm: true },
  open: (spec) => ({
    common: spec,
    nodes: [spec.node],
    effect: (stopped) =>
      byAction(
        spec,
        {
          running: `gives all files of ${spec.node} to ${spec.uid}:${spec.gid} without stopping it`,
          stopped: `gives all its files to ${spec.uid}:${spec.gid}`,
        },
        stopped,
      ),
    action: spec.action,
    whileRunning: 'works',
    startProof: 'answers',
    repairs: false,
    stops: () => true,
    check: () => [],
    preflight: () => ({ go: true }),
    plan: (view) => ({
      do: 'pods',
      pods: view.targets.map((target) => chownPod(spec, { ...view, targets: [target] })),
    }),
    judge: (_view, [task]) => ({
      ok: true,
      message: `${task?.files === undefined ? 'all' : task.files} files belong to ${spec.uid}:${spec.gid}`,
    }),
  }),
});

/**
 * Root, because only root may give files away; with the two capabilities that this takes and no others. They are those
 * that the Pod Security level `baseline` allows; `restricted` refuses root, and with it every change of owner.
 */
function chownPod(spec: Spec, { targets }: JobView): TaskSpec {
  const [target] = targets;
  if (target === undefined) throw new Error('a change of owner needs a target');
  const data = dataAt(target, '/data', false);
  return {
    node: target.node,
    repeatable: true,
    unsafeWhenUnclear: false,
    before: [],
    parameters: {
      verb: 'chown',
      volumes: target.volumes.map(({ name }) => ({ name, at: `/data/${name}` })),
      uid: spec.uid,
      gid: spec.gid,
    },
    ...data,
    runAs: { uid: 0, gid: 0, capabilities: ['CHOWN', 'DAC_OVERRIDE'] },
    ...hostOf(target, spec, spec.action),
  };
}
