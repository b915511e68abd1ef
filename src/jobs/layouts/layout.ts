// A layout: how a tool deployed its nodes. A table of names and places, no behaviour of its own.

import type { FailureReason } from '../../api/codes/job-reasons.ts';
import type { DeployMethod } from '../../api/job.ts';
import type { JobTarget } from '../../api/job-status.ts';
import type { KubeObject } from '../../api/objects.ts';
import type { Workload } from '../model/effect.ts';

export interface Layout {
  readonly deployMethod: Exclude<DeployMethod, 'managed'>;
  /** The workload that runs the node; for helm it runs the whole chain. */
  workload(place: NodePlace): Workload;
  /** Whether this pod of the workload is the node's own, by its name. */
  isPodOf(node: string, pod: string): boolean;
  /** Everything a job must know of the node, from objects as they are; or why the node is not in this layout. */
  read(place: NodePlace, objects: LayoutObjects): Found;
  /** Where a tool finds node and configuration when the data is mounted at `base`: reference commands use these paths. */
  paths(node: string, base: string): ToolPaths;
}

export interface NodePlace {
  readonly chain: string;
  readonly node: string;
}

export interface LayoutObjects {
  readonly workload: KubeObject | undefined;
  /** PVCs of the namespace, by name. */
  readonly pvcs: ReadonlyMap<string, KubeObject>;
  /** Kubernetes node of the node's pod, if there is one. */
  readonly host?: string;
  /** What the node said before anything was done to it. */
  readonly height?: number;
}

export type Found =
  | { readonly ok: true; readonly target: JobTarget }
  | { readonly ok: false; readonly reason: FailureReason; readonly message: string };

export interface ToolPaths {
  /** Where the node's volume is mounted. */
  readonly mount: string;
  readonly nodeRoot: string;
  readonly config: string;
  /** Where the ConfigMap with the configuration is mounted; absent: the configuration lies in the data. */
  readonly configMount?: string;
}
