// What a controller is made from: ports and settings.

import type { ReadCache } from '../../desired/read-cache.ts';
import type { GitSource, StatusBranch } from '../../git/engine.ts';
import type { Cluster } from '../../kube/cluster.ts';
import type { Events } from '../../kube/events.ts';
import type { Asker } from '../../rpc/ask.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Redactor } from '../../lib/redact.ts';
import type { Trust } from '../../signatures/verifier.ts';
import type { Upgrader } from '../upgrade/upgrader.ts';
import type { Runtime } from './runtime.ts';

export interface Settings {
  /** This controller's name; it reconciles the nodes that name it. */
  readonly executor: string;
  readonly branch: string;
  /** Default namespace of nodes, and that of the controller's Lease. */
  readonly namespace: string;
  /** Where the controller keeps its memory. Another one than that of the nodes keeps it from those who may edit objects there. */
  readonly ownNamespace: string;
  /** Repository URL without credentials; part of the memory's identity. */
  readonly origin: string;
  readonly intervalMs: number;
  readonly observeIntervalMs: number;
  /** How often heights alone are written to a node's status. */
  readonly heightIntervalMs: number;
  /** How long changes are collected before one status commit. */
  readonly publishDelayMs: number;
  /** Author of the status commits, for servers with push rules. */
  readonly statusAuthor?: { readonly name: string; readonly email: string } | undefined;
  /** The message of the status commits with `{subject}` in it, for servers with push rules. */
  readonly statusMessage?: string | undefined;
  /** How long the progress of jobs, and of the nodes that they work on, may wait for a commit: their ends do not wait. */
  readonly progressDelayMs: number;
  /** How often the tip of an unchanged status branch is compared: the branch may have been edited, rewound or deleted. */
  readonly statusLookMs: number;
  readonly version: string;
  /** The controller's own image: worker pods of one-shot jobs run it. */
  readonly workerImage: string;
  /** What files and objects that were created by hand may do. */
  readonly policy: Policy;
  /** How long a node may take to stop for a job. */
  readonly stopDeadlineMs: number;
}

export interface ControllerOptions {
  readonly cluster: Cluster;
  readonly source: GitSource;
  /** Absent: status is only kept in the cluster. */
  readonly statusBranch: StatusBranch | undefined;
  /** Whose signatures the desired branch must carry; undefined when signatures are not verified. */
  readonly trust: Trust | undefined;
  readonly asker: Asker;
  readonly events: Events;
  readonly readCache: ReadCache;
  /** Absent: the controller cannot change its own version. */
  readonly upgrader: Upgrader | undefined;
  /** Knows the process's own secrets; everything that leaves goes through it. */
  readonly redactor: Redactor;
  readonly settings: Settings;
  readonly runtime: Runtime;
}
