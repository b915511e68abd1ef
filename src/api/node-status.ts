// The status of a BlockchainNode: what the controller last observed and decided.

import { z } from 'zod';

import type { Condition } from './conditions.ts';

export const NodePhase = z.enum(['Pending', 'Configuring', 'Running', 'Syncing', 'Stopping', 'Stopped', 'Error']);
export type NodePhase = z.infer<typeof NodePhase>;

const ConditionSchema = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
  observedGeneration: z.int().optional(),
  lastTransitionTime: z.string().meta({ format: 'date-time' }),
});

export const RoleStatus = z.object({
  name: z.string(),
  client: z.string().optional(),
  state: z.enum(['Starting', 'Running', 'Syncing', 'Stopped', 'Error']),
  height: z.int().optional(),
  target: z.int().optional().describe('Best height the client knows of.'),
  headTime: z.string().optional().meta({ format: 'date-time' }),
  peers: z.int().optional(),
  progress: z.string().optional().describe('Percent, e.g. `99.7`.'),
  version: z.string().optional(),
  image: z.string().optional(),
  restarts: z.int().optional(),
  message: z.string().optional(),
});
export type RoleStatus = z.infer<typeof RoleStatus>;

export const NodeStatus = z.object({
  phase: NodePhase.optional(),
  observedGeneration: z.int().optional(),
  conditions: z
    .array(ConditionSchema)
    .max(16)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
  appliedRevision: z.string().optional().describe('`branch@sha1:…`: the commit this spec came from.'),
  observedRestartGeneration: z.int().optional(),
  height: z.int().optional().describe('Height of the role that has the chain data.'),
  peers: z.int().optional(),
  synced: z.boolean().optional(),
  roles: z
    .array(RoleStatus)
    .max(16)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
  volumes: z
    .array(
      z.object({
        name: z.string(),
        claim: z.string(),
        phase: z.string(),
        capacity: z.string().optional(),
        requested: z.string().optional(),
        message: z.string().optional().describe('How the live volume differs from the spec, and what to do.'),
      }),
    )
    .max(16)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
  hold: z
    .object({ reason: z.string(), message: z.string(), by: z.string().optional() })
    .optional()
    .describe('Why a desired change is held.'),
  observedAt: z.string().optional().meta({ format: 'date-time' }),
});
export type NodeStatus = Omit<z.infer<typeof NodeStatus>, 'conditions'> & {
  readonly conditions?: readonly Condition[];
};
