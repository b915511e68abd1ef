// Where a pod may run: the fields of Kubernetes that a node passes on.

import { z } from 'zod';

import { LabelValue, Labels, QualifiedName } from './fields.ts';

const Values = z
  .array(LabelValue)
  .max(64)
  .optional()
  .describe('Values to compare with, at most 64; none for `Exists` and `DoesNotExist`.');
const Weight = z.int().min(1).max(100).describe('Weight of the preference, 1 to 100; higher counts more.');

const NodeTerm = z.strictObject({
  matchExpressions: z
    .array(
      z.strictObject({
        key: QualifiedName.describe('Label of the Kubernetes node.'),
        operator: z
          .enum(['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'])
          .describe('How the label is compared with `values`.'),
        values: Values,
      }),
    )
    .min(1)
    .max(32)
    .describe('Conditions on labels of a Kubernetes node, 1 to 32. All must hold.'),
});

const LabelSelector = z.strictObject({
  matchLabels: Labels.optional().describe('Labels that a pod must have, at most 64.'),
  matchExpressions: z
    .array(
      z.strictObject({
        key: QualifiedName.describe('Label of the pod.'),
        operator: z
          .enum(['In', 'NotIn', 'Exists', 'DoesNotExist'])
          .describe('How the label is compared with `values`.'),
        values: Values,
      }),
    )
    .max(32)
    .optional()
    .describe('Conditions on labels of a pod, at most 32. All must hold.'),
});

const TopologyKey = QualifiedName.describe(
  'Label of Kubernetes nodes that makes a group: all with the same value, e.g. `kubernetes.io/hostname`.',
);

/** Of the node's own namespace: there is no field for others. */
const PodTerm = z.strictObject({
  labelSelector: LabelSelector.describe('Which pods, by their labels; pods of the own namespace only.'),
  topologyKey: TopologyKey,
});

const PodRules = z.strictObject({
  requiredDuringSchedulingIgnoredDuringExecution: z
    .array(PodTerm)
    .max(16)
    .optional()
    .describe('Rules that must hold when the pod is placed, at most 16. A running pod is not moved.'),
  preferredDuringSchedulingIgnoredDuringExecution: z
    .array(z.strictObject({ weight: Weight, podAffinityTerm: PodTerm.describe('The pods and the group that count.') }))
    .max(16)
    .optional()
    .describe('Rules that should hold when the pod is placed, at most 16.'),
});

export const Affinity = z.strictObject({
  nodeAffinity: z
    .strictObject({
      requiredDuringSchedulingIgnoredDuringExecution: z
        .strictObject({
          nodeSelectorTerms: z.array(NodeTerm).min(1).max(16).describe('Alternatives, 1 to 16. One must hold.'),
        })
        .optional()
        .describe('Conditions that must hold when the pod is placed. A running pod is not moved.'),
      preferredDuringSchedulingIgnoredDuringExecution: z
        .array(z.strictObject({ weight: Weight, preference: NodeTerm.describe('The preferred Kubernetes nodes.') }))
        .max(16)
        .optional()
        .describe('Conditions that should hold when the pod is placed, at most 16.'),
    })
    .optional()
    .describe('Kubernetes nodes that the pod must or should run on.'),
  podAffinity: PodRules.optional().describe('Pods that it must or should run beside.'),
  podAntiAffinity: PodRules.optional().describe('Pods that it must or should run apart from.'),
});

export const TopologySpreadConstraint = z.strictObject({
  maxSkew: z
    .int()
    .min(1)
    .max(1000)
    .describe('Largest difference in the number of matching pods between two groups, 1 to 1000.'),
  topologyKey: TopologyKey,
  whenUnsatisfiable: z
    .enum(['DoNotSchedule', 'ScheduleAnyway'])
    .describe('Whether the pod waits, or is placed where the difference is smallest.'),
  labelSelector: LabelSelector.optional().describe('Which pods are counted, by their labels.'),
  minDomains: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe('Smallest number of groups that must exist, 1 to 1000; only with `DoNotSchedule`. Default: 1.'),
});

export const Toleration = z.strictObject({
  key: z.string().max(317).optional().describe('Key of the taint. Default: every key, only with `Exists`.'),
  operator: z.enum(['Exists', 'Equal']).optional().describe('Whether the taint must have `value`. Default: `Equal`.'),
  value: z.string().max(63).optional().describe('Value of the taint; only with `Equal`.'),
  effect: z
    .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
    .optional()
    .describe('Effect of the taint. Default: all effects.'),
  tolerationSeconds: z
    .int()
    .min(0)
    .optional()
    .describe('Seconds that the pod stays after a taint with `NoExecute` appears. Default: it stays.'),
});
