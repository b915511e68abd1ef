// What a kind of job must say about itself. The phases belong to the state machine; a kind cannot invent one.

import type { z } from 'zod';

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import type { Ask, ChainJobs, HeightProbe } from '../../api/chain-jobs.ts';
import type { FailureReason } from '../../api/codes/job-reasons.ts';
import type { Resources } from '../../api/fields.ts';
import type { DeployMethod, JobAction } from '../../api/job.ts';
import type { PrinterColumn } from '../../api/job-object.ts';
import type { JobTarget, JobTask, StoredCopy } from '../../api/job-status.ts';
import type { KubeObject } from '../../api/objects.ts';
import type { SpecProblem } from '../../api/spec-problem.ts';
import type { JobIdentity } from './names.ts';
import type { TaskSpec } from './task-spec.ts';
import type { Refusal } from './refusal.ts';
import type { JobObservation } from './observation.ts';

export interface JobKind {
  readonly kind: string;
  readonly shortNames: readonly string[];
  readonly title: string;
  /** One sentence for documents. */
  readonly summary: string;
  readonly spec: z.ZodObject;
  /** The smallest spec: tests of every kind begin with it. */
  readonly example: Readonly<Record<string, unknown>>;
  readonly printerColumns: readonly PrinterColumn[];
  /** Ways of deployment on which it works; a text says why it does not. */
  readonly methods: Readonly<Record<DeployMethod, true | string>>;
  /** Reads a spec that the schema accepted. Throws a ZodError for any other. */
  open(spec: unknown): OpenJob;
}

/** A request, read: everything the state machine asks a kind. All pure. */
export interface OpenJob {
  readonly common: CommonSpec;
  /** The nodes it works on, as given. */
  readonly nodes: readonly string[];
  /**
   * What it will do, for the plan of a pull request: `stops a, copies its volumes to a new PVC, and starts it again`.
   * `stopped` are those of its nodes that are stopped by their spec and stay so.
   */
  effect(stopped: readonly string[]): string;
  readonly action: JobAction;
  /** What `Direct` means while the node runs. */
  readonly whileRunning: 'works' | 'works, unproven' | { readonly refused: string };
  /** What must be seen of a started node before the job is complete. */
  readonly startProof: 'started' | 'answers' | 'grows';
  /**
   * Where the result was proven, exactly the height that the data has when its node is started: every block above has grown
   * since. Without it growth is counted from the first height that the started node says, which a node that catches up
   * within seconds says too late.
   */
  readonly startsAt?: number;
  /** Whether the nodes are stopped for the tasks, unless the action is `Direct`. */
  stops(view: JobView): boolean;
  /** It replaces all data of its nodes: where a node that never ran has no PVCs yet, they are created. */
  readonly fillsVolumes?: true;
  /** Whether success makes a node fit to run that another job had left stopped. */
  readonly repairs: boolean;
  /** Without a cluster: what is wrong with the request. */
  check(context: CheckContext): readonly SpecProblem[];
  /** Another request that must end first; with no lock taken, because that one may need the same. */
  awaits?(observed: JobObservation): string | undefined;
  /** With the locks taken, before anything is stopped. */
  preflight(view: JobView): Preflight;
  /** What to do. The same answer for the same request and recorded targets. */
  plan(view: JobView): TaskPlan | Refusal;
  /** Whether the result is proven. Called when every task has ended with success. */
  judge(view: JobView, tasks: readonly JobTask[]): Verdict;
}

/** Fields of every kind, with defaults. */
export interface CommonSpec {
  readonly chain?: string | undefined;
  readonly deployMethod: DeployMethod;
  readonly image?: string | undefined;
  readonly pullPolicy: 'IfNotPresent' | 'Always' | 'Never';
  readonly ttlSecondsAfterFinished: number;
  readonly podAffinityFlag: boolean;
  readonly toolVersion?: string | undefined;
  readonly deadlineSeconds: number;
  readonly resources?: Resources | undefined;
}

export interface CheckContext {
  readonly name: string;
  readonly namespace: string;
  /** The executor of the request. */
  readonly executor?: string | undefined;
  /** Nodes of the same commit whose documents have an error: they live on as they were. */
  readonly brokenNodes?: ReadonlySet<string>;
  /** Files of the same commit that may have been meant to declare any node. */
  readonly unsureFiles?: readonly string[];
  /** Nodes of the same commit, by `namespace/name`; undefined where nodes are not known (an editor). */
  readonly nodes?: ReadonlyMap<string, BlockchainNode>;
  readonly chainJobs?: (chain: string) => ChainJobs | undefined;
  /** Requests of the same commit, by `Kind/namespace/name`; each spec passed its kind's schema. */
  readonly others?: ReadonlyMap<string, { readonly spec: unknown }>;
}

export interface JobView {
  readonly job: JobIdentity;
  /** As recorded, or as found when nothing is recorded yet; in the order of `nodes`. */
  readonly targets: readonly JobTarget[];
  readonly observed: JobObservation;
  /** The node keeps running during the task. */
  readonly live: boolean;
}

export type Preflight =
  | { readonly go: true; readonly notes?: readonly string[] }
  /** With `refusal`: what the job is refused with when the wait takes too long. */
  | { readonly go: false; readonly wait: string; readonly refusal?: Refusal }
  | { readonly go: false; readonly refuse: Refusal };

export type TaskPlan =
  | {
      readonly do: 'pods';
      /** Where the result goes, if the kind makes data. */
      readonly pvc?: KubeObject;
      /** Other objects that must be there first: VolumeSnapshots of the volumes, or PVCs made from some. */
      readonly made?: readonly KubeObject[];
      readonly pods: readonly TaskSpec[];
    }
  | {
      readonly do: 'ask';
      readonly node: string;
      readonly asks: readonly Ask[];
      readonly height: HeightProbe;
      /** The height to reach. */
      readonly wanted: number;
    }
  /** The identities of both nodes, and what managed ones have signed with them. */
  | { readonly do: 'exchange' };

export type Verdict =
  | {
      readonly ok: true;
      readonly message: string;
      readonly height?: number;
      readonly format?: string;
      readonly stored?: StoredCopy;
    }
  | { readonly ok: false; readonly reason: FailureReason; readonly message: string; readonly unsafe: boolean };

interface Definition<Spec extends z.ZodObject> extends Omit<JobKind, 'spec' | 'example' | 'open'> {
  readonly spec: Spec;
  readonly example: z.input<Spec>;
  readonly open: (spec: z.infer<Spec>) => OpenJob;
}

/** Closes over the schema, so that a kind's file works with its own type and the list needs none. */
export function defineJobKind<Spec extends z.ZodObject>(definition: Definition<Spec>): JobKind {
  return { ...definition, open: (spec) => definition.open(definition.spec.parse(spec)) };
}
