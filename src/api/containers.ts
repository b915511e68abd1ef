// Containers of a node's pod: the client of a role, and sidecars.

import { z } from 'zod';

import { Name, Resources } from './fields.ts';

const ImagePullPolicy = z
  .enum(['Always', 'IfNotPresent', 'Never'])
  .optional()
  .describe(
    'When Kubernetes pulls the image. Default: `Always` for the tag `latest` or no tag, `IfNotPresent` for others.',
  );

const Image = z.string().min(1).max(512);
const Argument = z.string().max(4096);

export const Client = z.strictObject({
  name: z.string().min(1).max(63).describe('The client program, e.g. `geth`.'),
  version: z
    .string()
    .max(128)
    .optional()
    .describe("Image tag without a leading `v`. Default: the chain's tested version."),
  image: Image.optional().describe('Complete image reference that replaces the default repository and tag.'),
  imagePullPolicy: ImagePullPolicy,
});
export type Client = z.infer<typeof Client>;

export const EnvVar = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .max(256)
    .describe('Name of the variable: letters, digits and `_`, at most 256.'),
  value: z.string().max(32_768).describe('Value as text, at most 32768 characters. For secret values use `secretEnv`.'),
});

const Port = z.strictObject({
  name: z.string().min(1).max(15).describe('Name of the port, at most 15 characters, unique in the pod.'),
  port: z.int().min(1).max(65_535).describe('Port that the sidecar listens on.'),
});

const StorageMount = z.strictObject({
  storage: Name.describe('Name of a volume in `spec.storage`.'),
  path: z.string().min(2).max(512).describe('Absolute path of the folder in the container.'),
  readOnly: z.boolean().default(true).describe('false: the sidecar may write to the volume.'),
});

export const Sidecar = z.strictObject({
  name: Name.describe('Name of the container, unique in the pod.'),
  image: Image.describe('Complete image reference. The policy must allow its repository for sidecars.'),
  imagePullPolicy: ImagePullPolicy,
  command: z.array(Argument).max(64).optional().describe("Program to run, at most 64 items. Default: the image's own."),
  args: z.array(Argument).max(256).optional().describe("Arguments, at most 256. Default: the image's own."),
  env: z.array(EnvVar).max(128).optional().describe('Environment variables, at most 128.'),
  ports: z
    .array(Port)
    .max(32)
    .optional()
    .describe('Ports that the container serves, at most 32; the headless Service of the node has them too.'),
  mounts: z
    .array(StorageMount)
    .max(16)
    .optional()
    .describe('Volumes of the node to mount, at most 16; read-only by default.'),
  resources: Resources.optional().describe('CPU and memory of the container. Default: none requested, no limit.'),
});
export type Sidecar = z.infer<typeof Sidecar>;
