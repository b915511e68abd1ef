// One pod that works, before it becomes a Kubernetes object.

import type { TaskParameters } from '../../api/worker-task.ts';

export interface TaskSpec {
  readonly node: string;
  /** Whether another attempt after an unclear end (pod deleted, Kubernetes node lost) gives the same result. */
  readonly repeatable: boolean;
  /** Whether an unclear end may leave the node's data unusable, so that the node must not be started. */
  readonly unsafeWhenUnclear: boolean;
  /** Matches the output of a program that failed before it changed anything. */
  readonly cleanFailure?: string;
  /** Programs that run one after another before the container `work`. */
  readonly before: readonly Program[];
  /** A client that runs beside the container `work` and is stopped after it. */
  readonly beside?: Program;
  readonly parameters: TaskParameters;
  readonly volumes: readonly PodVolume[];
  readonly mounts: readonly PodMount[];
  /** Root keeps only the capabilities that the task needs. */
  readonly runAs: { readonly uid: number; readonly gid: number; readonly capabilities: readonly string[] };
  /** Finds the height in the output of the last program before. */
  readonly heightPattern?: string;
  /** The height that success stands for, where the program prints none. */
  readonly reaches?: number;
  /** It copies to or from object storage. */
  readonly engine?: EngineAccess;
  /** The Kubernetes node it must run on. */
  readonly host?: string;
}

/** What the engine for object storage needs in its pod; the values of the Secret are seen by the container alone. */
export interface EngineAccess {
  readonly secret: string;
  /** Of the pod: the engine knows its own locks by it. */
  readonly hostname: string;
}

export interface Program {
  readonly name: string;
  /** Absent: the container `work`'s own image. */
  readonly image?: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly mounts: readonly PodMount[];
}

export type PodVolume =
  | { readonly name: string; readonly pvc: string; readonly readOnly: boolean }
  | { readonly name: string; readonly configMap: string }
  | { readonly name: string; readonly secret: string }
  /** An empty folder of the pod, with its limit. */
  | { readonly name: string; readonly sizeLimit: string };

export interface PodMount {
  readonly volume: string;
  readonly path: string;
  readonly subPath?: string;
  readonly readOnly?: boolean;
}
