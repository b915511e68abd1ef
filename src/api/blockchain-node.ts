// BlockchainNode: one blockchain node, of one or more processes, as Git declares it.

import { z } from 'zod';

import {
  HttpUrl,
  Labels,
  Name,
  PatchOperation,
  QualifiedName,
  Quantity,
  Resources,
  Sha256,
  SubdomainName,
} from './fields.ts';
import type { NodeStatus } from './node-status.ts';
import type { ObjectMeta } from './objects.ts';
import { Affinity, TopologySpreadConstraint } from './scheduling.ts';
import { SecretMount, SecretVariable } from './secret-fields.ts';

export { NodePhase, NodeStatus, RoleStatus } from './node-status.ts';

/** A container's role, the key of `clients`, `args` and others. */
const RoleName = z.string().min(1).max(63);
const ROLES = { maxProperties: 8 };

/** A chain or a network: it becomes a label's value. */
const ShortName = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/, 'must be letters, digits, "-", "_" and "."');

const FOREVER = {
  'x-kubernetes-validations': [
    {
      rule: 'self == oldSelf',
      message: 'is immutable: the data on the volumes belongs to it. Create a new node instead.',
    },
  ],
};

export const Client = z.strictObject({
  name: z.string().min(1).max(63).describe('The client program, e.g. `geth`.'),
  version: z
    .string()
    .max(128)
    .optional()
    .describe("Image tag without a leading `v`; default: the chain's tested version."),
  image: z
    .string()
    .min(1)
    .max(512)
    .optional()
    .describe('Complete image reference that replaces the default repository and tag.'),
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional(),
});
export type Client = z.infer<typeof Client>;

export const Storage = z
  .strictObject({
    size: Quantity.describe('Requested size. May grow; never shrinks.'),
    storageClass: SubdomainName.optional().describe("StorageClass; default: the cluster's default class."),
    accessMode: z
      .enum(['ReadWriteOnce', 'ReadWriteOncePod', 'ReadWriteMany'])
      .optional()
      .describe('Default ReadWriteOnce.'),
  })
  .meta({
    'x-kubernetes-validations': [
      { rule: 'quantity(self.size).compareTo(quantity(oldSelf.size)) >= 0', message: 'size may grow, never shrink' },
      {
        rule: "(has(self.storageClass) ? self.storageClass : '') == (has(oldSelf.storageClass) ? oldSelf.storageClass : '')",
        message: 'storageClass is immutable',
      },
    ],
  });
export type Storage = z.infer<typeof Storage>;

const EnvVar = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .max(256),
  value: z.string().max(32_768),
});

const Sidecar = z.strictObject({
  name: Name,
  image: z.string().min(1).max(512),
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional(),
  command: z.array(z.string().max(4096)).max(64).optional(),
  args: z.array(z.string().max(4096)).max(256).optional(),
  env: z.array(EnvVar).max(128).optional(),
  ports: z
    .array(z.strictObject({ name: z.string().min(1).max(15), port: z.int().min(1).max(65_535) }))
    .max(32)
    .optional(),
  mounts: z
    .array(z.strictObject({ storage: Name, path: z.string().min(2).max(512), readOnly: z.boolean().default(true) }))
    .max(16)
    .optional()
    .describe('Storage volumes to mount; read-only by default.'),
  resources: Resources.optional(),
});
export type Sidecar = z.infer<typeof Sidecar>;

const PodTarget = z.enum(['StatefulSet', 'Service', 'ConfigMap', 'PodDisruptionBudget']);

const Toleration = z.strictObject({
  key: z.string().max(317).optional(),
  operator: z.enum(['Exists', 'Equal']).optional(),
  value: z.string().max(63).optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
  tolerationSeconds: z.int().min(0).optional(),
});

/** The spec without the chains' own blocks; src/desired/kinds.ts adds one optional block per chain. */
export const NodeSpecBase = z.strictObject({
  executor: Name.optional().describe("The controller that owns the node; default: the Fleet's `defaultExecutor`."),
  chain: ShortName.meta(FOREVER).describe('The chain. Immutable.'),
  network: ShortName.meta(FOREVER).describe('The network of the chain. Immutable.'),
  nodeType: z.enum(['full', 'archive', 'validator']).default('full'),
  clients: z.record(RoleName, Client).meta(ROLES).describe('Role → client, e.g. `el: {name: geth, version: 1.16.7}`.'),
  storage: z
    .record(Name, Storage)
    .meta({
      maxProperties: 16,
      'x-kubernetes-validations': [
        { rule: 'oldSelf.all(name, name in self)', message: 'a volume cannot be removed from a node' },
      ],
    })
    .describe('Volume name → size and class. The volume `data` always exists.'),
  resources: z.record(RoleName, Resources).meta(ROLES).optional().describe('Role → requests and limits.'),
  args: z
    .record(z.string().max(63), z.record(z.string().min(1).max(128), z.string().max(4096)))
    .optional()
    .describe(
      'Role → flag (without dashes) → value. An empty value sets the flag without a value. Managed flags are rejected.',
    ),
  config: z
    .record(z.string().max(63), z.record(z.string().min(1).max(253), z.string().max(16_384)))
    .optional()
    .describe('File → key (dotted) → value as text. Managed keys are rejected.'),
  env: z
    .record(z.string().max(63), z.array(EnvVar).max(128))
    .optional()
    .describe('Role → extra environment variables.'),
  sidecars: z.array(Sidecar).max(16).optional(),
  checkpoint: z
    .strictObject({ url: HttpUrl.describe('Trusted checkpoint or snapshot endpoint.') })
    .optional()
    .describe("The source of the node's starting point, for chains that support it."),
  genesis: z
    .strictObject({
      url: HttpUrl.optional(),
      configMap: z.strictObject({ name: Name, key: z.string().min(1).max(253) }).optional(),
      sha256: Sha256.optional().describe('Checksum of the genesis file; required with `url`.'),
    })
    .optional(),
  identity: z
    .strictObject({
      secretName: Name.describe(
        "Secret in the node's namespace that holds the key files. Key material is never in Git.",
      ),
    })
    .optional()
    .describe("The node's signing identity, by reference."),
  serviceType: z
    .enum(['ClusterIP', 'NodePort', 'LoadBalancer'])
    .default('ClusterIP')
    .describe('Type of the per-node Service.'),
  p2p: z
    .strictObject({
      advertiseAddress: z
        .string()
        .min(1)
        .max(253)
        .optional()
        .describe('Address that is advertised to peers, when it is not the pod IP.'),
      port: z
        .int()
        .min(1)
        .max(65_535)
        .optional()
        .describe('Port that is advertised to peers; with NodePort also the node port.'),
    })
    .optional(),
  desiredState: z.enum(['Running', 'Stopped']).default('Running'),
  restartGeneration: z.int().min(0).optional().describe('Raise it to restart the node once.'),
  suspend: z
    .boolean()
    .optional()
    .describe('true: the controller does not change this node until the field is removed.'),
  protect: z.boolean().optional().describe('true: deleting the node or its data always requires approval.'),
  deletionPolicy: z
    .enum(['Retain', 'Delete'])
    .default('Retain')
    .describe('What happens to the volumes when the node is deleted.'),
  terminationGracePeriodSeconds: z
    .int()
    .min(1)
    .max(3600)
    .optional()
    .describe("Longer than the chain's own; never shorter."),
  nodeSelector: Labels.optional(),
  tolerations: z.array(Toleration).max(32).optional(),
  priorityClassName: SubdomainName.optional(),
  affinity: Affinity.optional().describe('Kubernetes nodes and pods to run on, beside or apart from, as in a pod.'),
  topologySpreadConstraints: z
    .array(TopologySpreadConstraint)
    .max(16)
    .optional()
    .describe('How pods are spread over groups of Kubernetes nodes, as in a pod.'),
  imagePullSecrets: z
    .array(z.strictObject({ name: SubdomainName }))
    .max(16)
    .optional()
    .describe('Secrets for pulling the images. Each needs the label `validatoros.com/allow-nodes: "true"`.'),
  secretEnv: z
    .record(RoleName, z.array(SecretVariable).max(32))
    .meta(ROLES)
    .optional()
    .describe(
      'Role → variables with values from a Secret, which needs the label `validatoros.com/allow-nodes: "true"`. Never signing keys: those belong into `identity`.',
    ),
  secretMounts: z
    .record(RoleName, z.array(SecretMount).max(16))
    .meta(ROLES)
    .optional()
    .describe('Role → Secrets as folders in the container, read-only. Each needs the same label.'),
  podLabels: Labels.optional(),
  podAnnotations: z.record(QualifiedName, z.string().max(4096)).meta({ maxProperties: 64 }).optional(),
  patches: z
    .array(
      z.strictObject({
        target: z.strictObject({ kind: PodTarget, name: z.string().max(253).optional() }),
        patch: z.array(PatchOperation).min(1).max(64),
      }),
    )
    .max(16)
    .optional()
    .describe('JSON patches (RFC 6902) on the rendered objects, applied last.'),
});

/** The base spec plus the chain blocks by name, already validated by the full schema. */
export type NodeSpec = z.infer<typeof NodeSpecBase> & { readonly [chainBlock: string]: unknown };

export interface BlockchainNode {
  readonly apiVersion: string;
  readonly kind: 'BlockchainNode';
  readonly metadata: ObjectMeta;
  readonly spec: NodeSpec;
  readonly status?: NodeStatus;
  readonly [field: string]: unknown;
}
