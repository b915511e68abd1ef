// A volume of a node.

import { z } from 'zod';

import { Quantity, SubdomainName } from './fields.ts';

export const Storage = z
  .strictObject({
    size: Quantity.describe('Requested size, e.g. `100Gi`. May grow; never shrinks.'),
    storageClass: SubdomainName.optional().describe("StorageClass. Immutable. Default: the cluster's default class."),
    accessMode: z
      .enum(['ReadWriteOnce', 'ReadWriteOncePod', 'ReadWriteMany'])
      .optional()
      .describe('How Kubernetes nodes may mount the volume. Cannot change. Default: `ReadWriteOnce`.'),
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
