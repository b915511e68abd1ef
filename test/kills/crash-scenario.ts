// What a crash scenario is made of.

import type { JobRecord } from '../../src/jobs/requests/record.ts';
import type { CrashWorld } from '../pods/crash-world.ts';
import type { Kind } from '../pods/request-observer.ts';

export interface Scenario {
  readonly title: string;
  readonly kind: Kind;
  /** The nodes that it is about; no other scenario touches them. */
  readonly nodes: readonly string[];
  /** Gets the nodes ready for it. */
  readonly prepare: (world: CrashWorld) => Promise<Asked>;
}

export interface Asked {
  readonly spec: Readonly<Record<string, unknown>>;
  /** What happens while it is carried out, and without which it does not come to its end. */
  readonly meanwhile?: (name: string) => Promise<void>;
  /** Expects that all of it was done, and nothing else. */
  readonly proof: (record: JobRecord) => Promise<void>;
}
