// What a controller remembers of reservations. It lies in the cluster, where the status branch has no say.

import { z } from 'zod';

const Text = z.string().max(600);

const OwnKey = z.object({
  /** `namespace/name` */
  node: Text,
  /** RFC 3339: since when it has its state. */
  since: Text,
  /** `Requested` until the branch has it: no pod has been started with it since. */
  state: z.enum(['Requested', 'Reserved', 'Released']),
  /** The branch says so, and the memory did not know of it: it must be judged again before a pod starts. */
  adopted: z.boolean().optional(),
  /** Of the chain of seals. It is published nowhere. */
  root: Text.optional(),
  step: z.number().int().min(0),
  seal: Text,
});
export type OwnKey = z.infer<typeof OwnKey>;

/** Whether the executor was never followed, see `Followed`: such an entry is forgotten when it leaves the branch and its key is of no use here. */
const isUnlisted = z.literal(true).optional();

const ForeignKey = z.object({ node: Text, since: Text, seal: Text, isUnlisted });
export type ForeignKey = z.infer<typeof ForeignKey>;

const Signer = z.object({ executor: Text, node: Text, since: Text, isUnlisted });
export type Signer = z.infer<typeof Signer>;

export const KeyMemory = z.object({
  /** Reservations of this controller, by the digest of the key. */
  own: z.record(z.string(), OwnKey).default({}),
  /** Reservations of others as they were seen last, by `executor digest`. */
  foreign: z.record(z.string(), ForeignKey).default({}),
  /** Which other controller had each key last: what it signed is not on record here. */
  signed: z.record(z.string(), Signer).default({}),
});
export interface KeyMemory {
  readonly own: Readonly<Record<string, OwnKey>>;
  readonly foreign: Readonly<Record<string, ForeignKey>>;
  readonly signed: Readonly<Record<string, Signer>>;
}

export const NO_KEYS: KeyMemory = { own: {}, foreign: {}, signed: {} };
