// The status of a BlockchainNode: what the controller last observed and decided.

import { z } from 'zod';

import { Conditions, type Condition } from './conditions.ts';
import { mapList } from './fields.ts';

export const NodePhase = z.enum(['Pending', 'Configuring', 'Running', 'Syncing', 'Stopping', 'Stopped', 'Error']);
export type NodePhase = z.infer<typeof NodePhase>;

export const RoleStatus = z.object({
  name: z.string().describe('The role, e.g. `el`.'),
  client: z.string().optional().describe('The client program, e.g. `geth`.'),
  state: z
    .enum(['Starting', 'Running', 'Syncing', 'Stopped', 'Error'])
    .describe('What the container does, judged from its state and the answers of the client.'),
  height: z.int().optional().describe('Number of the newest block that the client has.'),
  target: z.int().optional().describe('Number of the newest block that the client knows of.'),
  headTime: z.string().optional().meta({ format: 'date-time' }).describe('Time in the newest block.'),
  peers: z.int().optional().describe('Number of connected peers.'),
  progress: z.string().optional().describe('Percent of the blocks that it has, e.g. `99.7`.'),
  version: z.string().optional().describe('Version that the client reports.'),
  image: z.string().optional().describe('Image of the container.'),
  restarts: z.int().optional().describe('How often Kubernetes has restarted the container in this pod.'),
  reason: z
    .string()
    .optional()
    .describe('Why the role is in this state, as one word for programs; absent while it is well.'),
  message: z.string().optional().describe('Why the role is in this state, and what to do.'),
});
export type RoleStatus = z.infer<typeof RoleStatus>;

export const NodeStatus = z.object({
  phase: NodePhase.optional().describe('The state in one word, from the states of all roles.'),
  observedGeneration: z.int().optional().describe('The `metadata.generation` that this status is about.'),
  conditions: Conditions,
  appliedRevision: z.string().optional().describe('`branch@sha1:…`: the commit this spec came from.'),
  observedRestartGeneration: z.int().optional().describe('The `spec.restartGeneration` that the pod template has.'),
  height: z.int().optional().describe('Height of the role that has the chain data.'),
  provenHeight: z
    .int()
    .optional()
    .describe(
      'The greatest height that was seen. It begins again after a job, and after a restart that `restartGeneration` asks for.',
    ),
  peers: z.int().optional().describe('Number of connected peers of the role that has the chain data.'),
  synced: z.boolean().optional().describe('Whether every role has reached the head of the chain.'),
  roles: z.array(RoleStatus).max(16).optional().meta(mapList('name')).describe('The state of each role.'),
  volumes: z
    .array(
      z.object({
        name: z
          .string()
          .describe('Name of the volume in `spec.storage`; of a PVC that the node does not use its own name.'),
        claim: z.string().describe('Name of the PersistentVolumeClaim.'),
        uid: z.string().optional().describe('UID of the PersistentVolumeClaim.'),
        phase: z.string().describe('Phase of the PersistentVolumeClaim, e.g. `Bound`.'),
        capacity: z.string().optional().describe('Size that the volume has.'),
        requested: z.string().optional().describe('Size that the PersistentVolumeClaim requests.'),
        message: z.string().optional().describe('How the live volume differs from the spec, and what to do.'),
      }),
    )
    .max(16)
    .optional()
    .meta(mapList('name'))
    .describe('The state of each volume.'),
  lostVolumes: z
    .array(
      z.object({
        name: z.string().describe('Name of the volume in `spec.storage`.'),
        uid: z.string().describe('UID of the PersistentVolumeClaim that is gone.'),
        by: z.string().optional().describe('UID of the one that took its place; absent while there is none.'),
        at: z.string().meta({ format: 'date-time' }).describe('When that was noticed.'),
        height: z.int().optional().describe('The height that the node had proven before; absent when it is not known.'),
        restartGeneration: z.int().optional().describe('The `spec.restartGeneration` at that time.'),
      }),
    )
    .max(16)
    .optional()
    .meta(mapList('name'))
    .describe(
      'Volumes whose PersistentVolumeClaim was lost or replaced, until the height is reached again or `spec.restartGeneration` is raised.',
    ),
  hold: z
    .object({
      reason: z.string().describe('The guard that holds it.'),
      message: z.string().describe('Why, and what releases the action, as text.'),
    })
    .optional()
    .describe('Why an action of the plan on this node is held.'),
  pause: z
    .object({
      by: z.string().describe('The job, e.g. `Backup novacula-system/nightly`.'),
      message: z.string().describe('Why, and of a job that has ended what to do, as text.'),
    })
    .optional()
    .describe('The job that keeps the node stopped.'),
  observedAt: z
    .string()
    .optional()
    .meta({ format: 'date-time' })
    .describe(
      'When the figures were read; absent before the first answer. It is written together with a change: of an idle node it stays.',
    ),
});
export type NodeStatus = Omit<z.infer<typeof NodeStatus>, 'conditions'> & {
  readonly conditions?: readonly Condition[];
};
