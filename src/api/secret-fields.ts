// Secrets of others that a node names: as variables and as folders.

import { z } from 'zod';

import { SubdomainName } from './fields.ts';

export const SecretVariable = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .max(256)
    .describe('Name of the variable: letters, digits and `_`, at most 256.'),
  secretName: SubdomainName.describe("Secret in the node's namespace."),
  key: z
    .string()
    .regex(/^[-._A-Za-z0-9]+$/, 'must be a key of a Secret')
    .max(253)
    .describe('Key in the Secret whose value the variable gets.'),
});

export const SecretMount = z.strictObject({
  secretName: SubdomainName.describe("Secret in the node's namespace."),
  path: z
    .string()
    .regex(/^\/mnt\/[a-z0-9][-a-z0-9/.]*$/, 'must be a path below /mnt/, such as "/mnt/tls"')
    .max(512)
    .describe('Folder below `/mnt/`.'),
});
