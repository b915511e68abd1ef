// Where a pod may run: the fields of Kubernetes that a node passes on.

import { z } from 'zod';

import { LabelValue, Labels, QualifiedName } from './fields.ts';

const Values = z.array(LabelValue).max(64).optional();
const Weight = z.int().min(1).max(100);

const NodeTerm = z.strictObject({
  matchExpressions: z
    .array(
      z.strictObject({
        key: QualifiedName,
        operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt']),
        values: Values,
      }),
    )
    .min(1)
    .max(32),
});

const LabelSelector = z.strictObject({
  matchLabels: Labels.optional(),
  matchExpressions: z
    .array(
      z.strictObject({
        key: QualifiedName,
        operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
        values: Values,
      }),
    )
    .max(32)
    .optional(),
});

/** Of the node's own namespace: there is no field for others. */
const PodTerm = z.strictObject({
  labelSelector: LabelSelector,
  topologyKey: QualifiedName.describe('Label of Kubernetes nodes that makes a group, e.g. `kubernetes.io/hostname`.'),
});

const PodRules = z.strictObject({
  requiredDuringSchedulingIgnoredDuringExecution: z.array(PodTerm).max(16).optional(),
  preferredDuringSchedulingIgnoredDuringExecution: z
    .array(z.strictObject({ weight: Weight, podAffinityTerm: PodTerm }))
    .max(16)
    .optional(),
});

export const Affinity = z.strictObject({
  nodeAffinity: z
    .strictObject({
      requiredDuringSchedulingIgnoredDuringExecution: z
        .strictObject({ nodeSelectorTerms: z.array(NodeTerm).min(1).max(16) })
        .optional(),
      preferredDuringSchedulingIgnoredDuringExecution: z
        .array(z.strictObject({ weight: Weight, preference: NodeTerm }))
        .max(16)
        .optional(),
    })
    .optional()
    .describe('Kubernetes nodes that the pod must or should run on.'),
  podAffinity: PodRules.optional().describe('Pods that it must or should run beside.'),
  podAntiAffinity: PodRules.optional().describe('Pods that it must or should run apart from.'),
});

export const TopologySpreadConstraint = z.strictObject({
  maxSkew: z.int().min(1).max(1000),
  topologyKey: QualifiedName,
  whenUnsatisfiable: z.enum(['DoNotSchedule', 'ScheduleAnyway']),
  labelSelector: LabelSelector.optional(),
  minDomains: z.int().min(1).max(1000).optional(),
});
