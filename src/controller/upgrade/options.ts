// What the upgrade of the controller works with: its own Deployment, and the registry.

import type { KeyObject } from 'node:crypto';

import type { RegistryCredentials } from '../../registry/docker-config.ts';
import type { Platform } from '../../registry/probe.ts';
import type { UpgradeRules } from '../../upgrade/target.ts';

export interface SelfUpdateOptions {
  readonly deployment: { readonly namespace: string; readonly name: string };
  /** Of the container that this process runs in, as the Deployment names it. */
  readonly image: string;
  readonly rules: UpgradeRules;
  /** From the try to the end of it. */
  readonly deadlineMs: number;
  readonly platform: Platform;
  /** Whose signature an image must carry; undefined when none is asked for. */
  readonly key: KeyObject | undefined;
  readonly registry: {
    readonly ca: string | undefined;
    readonly allowHttp: boolean;
    /** Read for every probe, because mounted Secrets change. */
    readonly credentials: (repository: string) => Promise<RegistryCredentials | undefined>;
  };
}
