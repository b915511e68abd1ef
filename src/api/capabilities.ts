// What one controller can run in its cluster: its `capabilities.yaml` on the status branch.

import { z } from 'zod';

/** Of other versions of the controller as well: what is not known here is ignored, and what is missing restricts nothing. */
const Names = z.array(z.string()).catch([]);

export const StorageClassView = z.object({
  name: z.string(),
  provisioner: z.string().catch(''),
  isDefault: z.boolean().catch(false),
  bindingMode: z.string().catch(''),
  expandable: z.boolean().catch(false),
  warning: z.string().optional(),
});
export type StorageClassView = Readonly<z.infer<typeof StorageClassView>>;

const ClientView = z.object({
  name: z.string(),
  defaultVersion: z.string().catch(''),
  networks: z.array(z.string()).optional(),
  nodeTypes: z.array(z.string()).optional(),
  /** Network → oldest version. */
  minimumVersions: z.record(z.string(), z.string()).optional(),
  /** Kinds of jobs that its nodes can have. */
  jobs: Names,
  /** Kind → why not. */
  refusedJobs: z.record(z.string(), z.string()).optional(),
  /** Flags whose value is checked, with what they accept; all others but the managed ones are passed on. */
  knownFlags: z.record(z.string(), z.string()).optional(),
  managedFlags: z.array(z.string()).optional(),
});

const ConfigFileView = z.object({
  name: z.string(),
  knownKeys: z.record(z.string(), z.string()).optional(),
  managedKeys: Names,
});

const ChainView = z.object({
  name: z.string(),
  networks: Names,
  customNetworks: z.boolean().catch(true),
  nodeTypes: Names,
  roles: z.array(z.object({ name: z.string(), clients: z.array(ClientView).catch([]) })).catch([]),
  /** Network → what a full node needs at least. */
  defaultSizes: z.record(z.string(), z.object({ cpu: z.string(), memory: z.string(), storage: z.string() })).optional(),
  configFiles: z.array(ConfigFileView).optional(),
});

export const Capabilities = z.object({
  chains: z.array(ChainView).catch([]),
  /** Absent where they may not be listed. Older controllers wrote names alone. */
  storageClasses: z
    .array(z.union([StorageClassView, z.string().transform((name) => StorageClassView.parse({ name }))]))
    .optional()
    .catch(undefined),
  snapshotClasses: z
    .array(z.object({ name: z.string(), driver: z.string() }))
    .optional()
    .catch(undefined),
  /** Names of the locations in object storage that the policy defines; absent when it has none. */
  backupLocations: z.array(z.string()).optional().catch(undefined),
  features: Names,
  /** The API server's version. */
  kubernetes: z.string().optional(),
});
/** The input of capabilities.yaml, and what is read back from it. */
export type Capabilities = z.infer<typeof Capabilities>;
