// A volume of a node.

import { z } from 'zod';

import { Quantity, SubdomainName } from './fields.ts';

/** `quantity()` came to CEL after Kubernetes 1.27. */
function bytesIn(text: string): string {
  const units = Object.entries(UNITS).map(([unit, factor]) => `'${unit}': ${factor}`);
  return `double(${text}.find('^[0-9.]+([eE][+-]?[0-9]+)?')) * {${units.join(', ')}}[${text}.find('([KMGTPE]i|[numkMGTPE])$')]`;
}

/** As CEL writes numbers with a fraction. */
const UNITS = {
  '': '1.0',
  n: '1e-9',
  u: '1e-6',
  m: '1e-3',
  k: '1e3',
  M: '1e6',
  G: '1e9',
  T: '1e12',
  P: '1e15',
  E: '1e18',
  Ki: '1024.0',
  Mi: '1048576.0',
  Gi: '1073741824.0',
  Ti: '1099511627776.0',
  Pi: '1125899906842624.0',
  Ei: '1152921504606846976.0',
} as const;

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
      { rule: `${bytesIn('self.size')} >= ${bytesIn('oldSelf.size')}`, message: 'size may grow, never shrink' },
      {
        rule: "(has(self.storageClass) ? self.storageClass : '') == (has(oldSelf.storageClass) ? oldSelf.storageClass : '')",
        message: 'storageClass is immutable',
      },
    ],
  });
export type Storage = z.infer<typeof Storage>;
