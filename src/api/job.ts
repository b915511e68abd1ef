// One-shot jobs: the fields that all kinds share.

import { z } from 'zod';

import { IMAGE_ADVICE, IMAGE_REFERENCE, Name, Resources } from './fields.ts';

/** How the node was deployed: by this controller, or in one of the three layouts of CITA-Cloud tools. */
export const DeployMethod = z.enum(['managed', 'cloud-config', 'python', 'helm']);
export type DeployMethod = z.infer<typeof DeployMethod>;

/** Whether the node is stopped before the task and started after it. */
export const JobAction = z.enum(['StopAndStart', 'Direct']);
export type JobAction = z.infer<typeof JobAction>;

/** A block height, up to the largest integer that JSON represents exactly. */
export const Height = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** The name of a chain: a label's value. */
export const ChainName = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/, 'must be letters, digits, "-", "_" and "."');

const ImageReference = z.string().min(1).max(512).regex(IMAGE_REFERENCE, `must be an image reference. ${IMAGE_ADVICE}`);

/** Fields of every kind. The names are those of the CITA-Cloud operator. The controller never writes into a spec. */
export const jobFields = {
  executor: Name.optional().describe("The controller that runs the job. Default: the Fleet's `defaultExecutor`."),
  chain: ChainName.optional().describe(
    'The chain of the node. Required unless `deployMethod` is `managed`, where it is optional and only checked.',
  ),
  deployMethod: DeployMethod.default('managed').describe(
    '`managed`: a BlockchainNode; the others: workloads that CITA-Cloud tools deployed.',
  ),
  image: ImageReference.optional().describe(
    "Managed nodes: the worker pod's image; default: the controller's own. Other layouts: the image that has `cloud-op`.",
  ),
  pullPolicy: z
    .enum(['IfNotPresent', 'Always', 'Never'])
    .default('IfNotPresent')
    .describe('When Kubernetes pulls `image`.'),
  ttlSecondsAfterFinished: z
    .int()
    .min(0)
    .max(31_536_000)
    .default(30)
    .describe(
      'Seconds that the finished worker pod is kept, at most one year. This object, its record and its data stay.',
    ),
  podAffinityFlag: z
    .boolean()
    .default(false)
    .describe("Run the worker pod on the Kubernetes node where the node's pod runs or ran last."),
  resources: Resources.optional().describe(
    'Requests and limits of every container of the worker pod, e.g. a higher memory limit for a client that rolls back a large database. Names that are not given keep their defaults.',
  ),
  deadlineSeconds: z
    .int()
    .min(60)
    .max(2_592_000)
    .default(21_600)
    .describe('Seconds that the task may take, from one minute to 30 days. After that the node is started again.'),
};

const Location = z
  .strictObject({ name: Name.describe('The location: an entry under `backupLocations` of the policy.') })
  .describe('A location in object storage, where the data is encrypted and stored once.');

/** A location in object storage, and nothing else. */
export const StoredDestination = z.strictObject({ objectStorage: Location });

/** Where a Backup or Snapshot goes, unless it goes to a PVC. */
export const Destination = z.strictObject({
  objectStorage: Location.optional(),
  volumeSnapshot: z
    .strictObject({
      className: Name.optional().describe(
        'Name of the VolumeSnapshotClass. Default: the default class of the CSI driver of the volume.',
      ),
    })
    .optional()
    .describe('A CSI VolumeSnapshot of each volume of the stopped node, in the namespace of the node.'),
});
export type Destination = z.infer<typeof Destination>;

const ENCODED = z.string().regex(/^[0-9a-f]{8,64}$/, 'must be the id of a snapshot, or at least its first 8 digits');

/** A snapshot that a Restore reads without the record of the job that made it. */
export const StoredSource = z.strictObject({
  objectStorage: z
    .strictObject({
      name: Name.describe('The location: an entry under `backupLocations` of the policy.'),
      executor: Name.optional().describe('The controller that made the backup. Default: this one.'),
      namespace: Name.optional().describe('Namespace of the node that was backed up. Default: that of the request.'),
      node: Name.optional().describe('The node that was backed up. Default: the node that is restored.'),
      snapshot: ENCODED.optional().describe('Id of the snapshot. Default: the newest one of the node.'),
    })
    .describe('A snapshot in a location, also one that another cluster made.'),
});
export type StoredSource = z.infer<typeof StoredSource>;

/** Version of `cloud-op`, when the tag of its image is not a version. It decides which commands are used. */
export const toolVersion = z
  .string()
  .regex(/^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$/, 'must be a version such as "0.3.1"')
  .optional()
  .describe('Version of `cloud-op` in `image`; required when the tag is not a version.');

/** A changed request would be another request, so the API server refuses the change. */
export const IMMUTABLE = {
  'x-kubernetes-validations': [
    { rule: 'self == oldSelf', message: 'a job request is immutable: create a new one with a new name' },
  ],
};
