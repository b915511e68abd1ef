// BlockchainNode: one blockchain node, of one or more processes, as Git declares it.

import { z } from 'zod';

import { HttpUrl, Labels, Name, PatchOperation, QualifiedName, Resources, Sha256, SubdomainName } from './fields.ts';
import type { NodeStatus } from './node-status.ts';
import type { ObjectMeta } from './objects.ts';
import { Client, EnvVar, Sidecar } from './containers.ts';
import { Affinity, Toleration, TopologySpreadConstraint } from './scheduling.ts';
import { Storage } from './node-storage.ts';
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

const PatchTarget = z.enum(['StatefulSet', 'Service', 'ConfigMap', 'PodDisruptionBudget']);

/** The spec without the chains' own blocks; src/desired/kinds.ts adds one optional block per chain. */
export const NodeSpecBase = z.strictObject({
  executor: Name.optional().describe("The controller that owns the node; default: the Fleet's `defaultExecutor`."),
  chain: ShortName.meta(FOREVER).describe('The chain. Immutable.'),
  network: ShortName.meta(FOREVER).describe('The network of the chain. Immutable.'),
  nodeType: z
    .enum(['full', 'archive', 'validator'])
    .default('full')
    .describe('`full`: recent state; `archive`: all states; `validator`: signs blocks. A chain may support fewer.'),
  clients: z.record(RoleName, Client).meta(ROLES).describe('Role → client, e.g. `el: {name: geth, version: 1.16.7}`.'),
  storage: z
    .record(Name, Storage)
    .meta({
      maxProperties: 16,
      'x-kubernetes-validations': [
        { rule: 'oldSelf.all(name, name in self)', message: 'a volume cannot be removed from a node' },
      ],
    })
    .describe('Volume name → size and class, at most 16: `data`, or one for each role. A volume cannot be removed.'),
  resources: z
    .record(RoleName, Resources)
    .meta(ROLES)
    .optional()
    .describe('Role → CPU and memory that its container requests and may use. Default: none.'),
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
    .describe('Role → additional environment variables, at most 128 for each role.'),
  sidecars: z.array(Sidecar).max(16).optional().describe('Additional containers of the pod, at most 16.'),
  checkpoint: z
    .strictObject({ url: HttpUrl.describe('URL of a checkpoint or snapshot server that you trust.') })
    .optional()
    .describe("The source of the node's starting point, for chains that support it."),
  genesis: z
    .strictObject({
      url: HttpUrl.optional().describe('URL of the genesis file. Exactly one of `url` and `configMap`.'),
      configMap: z
        .strictObject({
          name: Name.describe(
            'ConfigMap in the node\'s namespace, with the label `validatoros.com/allow-nodes: "true"`.',
          ),
          key: z.string().min(1).max(253).describe('Key whose value is the genesis file.'),
        })
        .optional()
        .describe('ConfigMap with the genesis file.'),
      sha256: Sha256.optional().describe('SHA-256 of the genesis file, 64 hex digits; required with `url`.'),
    })
    .optional()
    .describe('The genesis file of a network that the client does not know; for chains that support it.'),
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
    .describe('Type of the Service for peers. The RPC Service is always `ClusterIP`.'),
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
    .optional()
    .describe('How peers reach the node.'),
  desiredState: z
    .enum(['Running', 'Stopped'])
    .default('Running')
    .describe('`Stopped`: the pod is stopped; the volumes stay.'),
  restartGeneration: z.int().min(0).optional().describe('Raise it to restart the node once. Default: 0.'),
  suspend: z
    .boolean()
    .optional()
    .describe('true: the controller does not change this node until the field is removed or false.'),
  protect: z.boolean().optional().describe('true: deleting the node or its data always requires approval.'),
  deletionPolicy: z
    .enum(['Retain', 'Delete'])
    .default('Retain')
    .describe('Whether the volumes are kept or deleted when the node is deleted.'),
  terminationGracePeriodSeconds: z
    .int()
    .min(1)
    .max(3600)
    .optional()
    .describe("Seconds that the pod may take to stop, at most 3600. Used when longer than the chain's own."),
  nodeSelector: Labels.optional().describe('Labels that the Kubernetes node of the pod must have, at most 64.'),
  tolerations: z
    .array(Toleration)
    .max(32)
    .optional()
    .describe('Taints of Kubernetes nodes that the pod tolerates, at most 32. The policy must allow their keys.'),
  priorityClassName: SubdomainName.optional().describe('PriorityClass of the pod. The policy must allow it.'),
  affinity: Affinity.optional().describe('Kubernetes nodes and pods to run on, beside or apart from, as in a pod.'),
  topologySpreadConstraints: z
    .array(TopologySpreadConstraint)
    .max(16)
    .optional()
    .describe('How pods are spread over groups of Kubernetes nodes, as in a pod.'),
  imagePullSecrets: z
    .array(z.strictObject({ name: SubdomainName.describe("Secret in the node's namespace.") }))
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
  podLabels: Labels.optional().describe('Additional labels of the pod, at most 64. The policy must allow their keys.'),
  podAnnotations: z
    .record(QualifiedName, z.string().max(4096))
    .meta({ maxProperties: 64 })
    .optional()
    .describe('Additional annotations of the pod, at most 64. The policy must allow their keys.'),
  patches: z
    .array(
      z.strictObject({
        target: z
          .strictObject({
            kind: PatchTarget.describe('Kind of the rendered object.'),
            name: z.string().max(253).optional().describe('Name of the object. Default: every object of the kind.'),
          })
          .describe('The rendered objects that the patch changes.'),
        patch: z.array(PatchOperation).min(1).max(64).describe('Operations, 1 to 64, applied in their order.'),
      }),
    )
    .max(16)
    .optional()
    .describe(
      'JSON patches (RFC 6902) on the rendered objects, at most 16, applied last. The policy must allow their paths.',
    ),
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
