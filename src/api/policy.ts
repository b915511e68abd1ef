// Policy: what a controller accepts from the repository. It is a file of the controller, never of the repository or the cluster.

import { z } from 'zod';

import { isVersionRange } from './version-range.ts';
import { WAIVABLE_RULES, type WaivableRule } from './codes/policy-rules.ts';
import { IMAGE_REPOSITORY, Name, SubdomainName } from './fields.ts';
import { DeployMethod } from './job.ts';

/** The label on a Secret or ConfigMap that lets nodes use it. */
export const ALLOW_LABEL = 'validatoros.com/allow-nodes';

const Pattern = z
  .string()
  .min(1)
  .max(512)
  .regex(/^\S+$/, 'must be a pattern without spaces, such as "ghcr.io/cosmos/*"');
const Patterns = z.array(Pattern).max(512);

/** Relative to the top of the repository. */
const FilePattern = Pattern.regex(/^[^/]/, 'must be a path below the top of the repository, such as "nodes/prod/**"');
const PointerPattern = Pattern.regex(
  /^\//,
  'must be a pattern of JSON pointers, such as "/spec/template/spec/affinity/**"',
);

const Pointers = z.array(PointerPattern).max(256).optional();

const ForeignMethod = DeployMethod.exclude(['managed']);
const ServiceType = z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']);
const isWaivable = Object.keys(WAIVABLE_RULES) as [WaivableRule, ...WaivableRule[]];

/** On a Secret: worker pods of backups may use it. Another label than that for nodes, so that no node can read it. */
export const ALLOW_BACKUPS_LABEL = 'validatoros.com/allow-backups';

/** A place in object storage. Its endpoint and credentials are the administrator's; a job only names it. */
export const BackupLocation = z.strictObject({
  endpoint: z
    .string()
    .max(253)
    .regex(/^https?:\/\/[A-Za-z0-9.:[\]-]+$/, 'must be a URL without a path, such as "https://s3.example.com"')
    .describe('URL of the S3 API.'),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket')
    .describe('Name of the bucket, which must exist.'),
  prefix: z
    .string()
    .max(256)
    .regex(/^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/, 'must be a path without "/" at its ends')
    .optional()
    .describe('Path in the bucket. Default: its top.'),
  region: z.string().min(1).max(63).optional().describe('Region of the bucket, where the storage needs one.'),
  secret: SubdomainName.describe(
    `Secret with \`AWS_ACCESS_KEY_ID\`, \`AWS_SECRET_ACCESS_KEY\` and \`RESTIC_PASSWORD\`, in the namespace of the job, with the label \`${ALLOW_BACKUPS_LABEL}: "true"\`. No node may use it.`,
  ),
  caSecret: SubdomainName.optional().describe(
    'Secret with the certificate authorities of the endpoint under `ca.crt`, in the same namespace, with the same label.',
  ),
});
export type BackupLocation = z.infer<typeof BackupLocation>;

const PatchTargets = z.strictObject({
  StatefulSet: Pointers.describe('Places in the StatefulSet. Default: a list of harmless ones.'),
  Service: Pointers.describe('Places in the Services. Default: a list of harmless ones.'),
  ConfigMap: Pointers.describe('Places in the ConfigMap. Default: a list of harmless ones.'),
  PodDisruptionBudget: Pointers.describe('Places in the PodDisruptionBudget. Default: a list of harmless ones.'),
});

/** Every list is complete: what it does not name is refused. A missing list has its default. */
const allowances = {
  namespaces: Patterns.optional().describe(
    'Namespaces of nodes and of jobs on them. Default: the default namespace of the controller alone.',
  ),
  images: z
    .strictObject({
      nodes: Patterns.optional().describe('Containers of clients. Default: the repositories that the chains know.'),
      sidecars: Patterns.optional().describe('Containers of `spec.sidecars`. Default: none.'),
      jobs: Patterns.optional().describe(
        "`spec.image` of jobs. Default: the controller's own repository and those of CITA-Cloud.",
      ),
    })
    .optional()
    .describe('Repositories of images, without tag or digest. `*` matches one part of the path, `**` any number.'),
  secrets: Patterns.optional().describe(
    `Names of Secrets that nodes may use; each must also carry the label \`${ALLOW_LABEL}: "true"\`. Default: any name.`,
  ),
  configMaps: Patterns.optional().describe('Names of ConfigMaps that nodes may use. Default: any name.'),
  storageClasses: Patterns.optional().describe('Default: any.'),
  snapshotClasses: Patterns.optional().describe(
    'VolumeSnapshotClasses that jobs may use. Default: any. Where not all are allowed, a job must name its class.',
  ),
  serviceTypes: z
    .array(ServiceType)
    .max(3)
    .optional()
    .describe('Default: all three; only peer-to-peer ports are exposed.'),
  priorityClasses: Patterns.optional().describe('Default: none. `system-*` is never allowed.'),
  tolerations: Patterns.optional().describe(
    'Keys of tolerations. Default: keys without a prefix, and those of nodes that are not ready or not reachable.',
  ),
  labels: Patterns.optional().describe('Labels of pods beyond those of the controller, by key.'),
  annotations: Patterns.optional().describe('Annotations of pods and other objects, by key.'),
  patches: PatchTargets.optional().describe(
    'Kind → JSON pointers that `spec.patches` may change. `*` matches one part, a final `/**` everything below.',
  ),
  exceptions: z
    .array(z.enum(isWaivable))
    .max(isWaivable.length)
    .optional()
    .describe(
      'Rules that nodes may break. Their use is shown in every plan and held until it is approved. Default: none.',
    ),
  jobs: z
    .strictObject({
      kinds: Patterns.optional().describe('Kinds of jobs. Default: all.'),
      deployMethods: z
        .array(ForeignMethod)
        .max(3)
        .optional()
        .describe('How workloads were deployed that jobs may act on, beside managed nodes. Default: all.'),
      locations: Patterns.optional().describe(
        'Names under `backupLocations` that jobs may copy to and read from. Default: all.',
      ),
      foreignNamespaces: Patterns.optional().describe(
        'Namespaces of such workloads. Default: `app-*`, the names that CITA-Cloud uses.',
      ),
    })
    .optional()
    .describe('Jobs that may run, and the workloads of other tools that they may act on.'),
};

export const PolicyAllowances = z.strictObject(allowances);
export type PolicyAllowances = z.infer<typeof PolicyAllowances>;

const SelfUpdate = z.strictObject({
  allowed: z
    .boolean()
    .optional()
    .describe(
      'Whether `fleet.yaml` may change the version of the controller. Default: as the chart says with `selfUpdate.enabled`.',
    ),
  repository: z
    .string()
    .max(255)
    .regex(
      IMAGE_REPOSITORY,
      'must be a repository such as "ghcr.io/us/nodewright", in lower case after the host, without tag or digest',
    )
    .optional()
    .describe('The only repository that its image is pulled from. Default: the one of the running image.'),
  versions: z
    .string()
    .max(200)
    .refine(isVersionRange, 'must be comparisons such as ">=0.2.0 <1.0.0"')
    .optional()
    .describe('The versions that are allowed, e.g. `>=0.2.0 <1.0.0`; all comparisons must hold. Default: all.'),
});

export const PolicySpec = z.strictObject({
  ...allowances,
  selfUpdate: SelfUpdate.optional().describe('Which versions of itself the controller may install.'),
  reservedSecrets: z
    .array(z.string().min(1).max(253))
    .max(256)
    .optional()
    .describe(
      'Names of Secrets that no node may use, even if the lists allow them. The controller adds its own credentials.',
    ),
  backupLocations: z
    .record(Name, BackupLocation)
    .optional()
    .meta({ maxProperties: 64 })
    .describe('Name → place in object storage for backups. At most 64. Default: none.'),
  rules: z
    .array(
      z.strictObject({
        when: z
          .strictObject({
            paths: z.array(FilePattern).min(1).max(64).describe('Files that it applies to, e.g. `nodes/prod/**`.'),
          })
          .describe('All given conditions must hold.'),
        allow: PolicyAllowances.describe('What these files may do in addition.'),
      }),
    )
    .max(64)
    .optional()
    .describe('Additional permissions for some files. Objects that were created by hand get none of them.'),
});
export type PolicySpec = z.infer<typeof PolicySpec>;
