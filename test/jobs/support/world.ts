// A small cluster in memory: it does what effects ask, moves by itself, and lets tests break it. No clock, no I/O.

import { API_VERSION } from '../../../src/api/group.ts';
import type { JobStatus, JobTarget } from '../../../src/api/job-status.ts';
import { TaskParameters, type TaskResult } from '../../../src/api/worker-task.ts';
import type { KubeObject } from '../../../src/api/objects.ts';
import { defined } from '../../../src/lib/defined.ts';
import { valueAt } from '../../../src/lib/json-value.ts';
import type { Effect, LockNote } from '../../../src/jobs/model/effect.ts';
import type { JobKind } from '../../../src/jobs/model/job-kind.ts';
import { next } from '../../../src/jobs/phases/machine.ts';
import { whyRedirected } from '../../../src/jobs/phases/redirected.ts';
import type { Move } from '../../../src/jobs/model/scope.ts';
import type {
  ChainAnswers,
  ObservedRecord,
  JobObservation,
  RestoreSource,
  ObservedNode,
  ObservedPvc,
  ObservedTask,
} from '../../../src/jobs/model/observation.ts';
import { createPauses, type Pauses } from '../../../src/controller/node/pauses.ts';
import { settings, UID } from './fixtures.ts';
import { Signers } from './signers.ts';
import { GRACE, type Node, nodeOf } from './world-node.ts';

export interface Work {
  readonly uid: string;
  readonly name: string;
  readonly nodes: readonly string[];
  readonly parameters: TaskParameters;
  suspended: boolean;
  pod: 'none' | 'running' | 'ended' | 'killed';
  deleted: boolean;
  runs: number;
  /** Ticks that its pod still works, or takes to go. */
  left: number;
  /** Its pod waits for its volume. */
  stalled: boolean;
  /** Of a pod that handles signer states, once it has ended. */
  result?: object;
}

export interface WorldOptions {
  readonly kind: JobKind;
  readonly spec: Record<string, unknown>;
  readonly targets: readonly JobTarget[];
  readonly answers?: ChainAnswers;
  readonly source?: RestoreSource;
  /** What a worker pod reports when it ends. */
  readonly result?: (run: number, work: Pick<Work, 'parameters' | 'nodes'>) => object | undefined;
  /** By node: the height in the signer state on its volume, where that is not its own; undefined: no file. */
  readonly signed?: Readonly<Record<string, number | undefined>>;
  /** The world of an earlier job, which has ended: this one finds its nodes, its locks and its object there. */
  readonly after?: World;
}

/** What every job sees: nodes, locks, and what the controller keeps in its memory. */
interface Place {
  readonly nodes: Map<string, Node>;
  readonly locks: Map<string, { holder?: { uid: string; text: string }; note?: LockNote }>;
  readonly signers: Signers;
  readonly jobs: World[];
  /** A new controller learns them from the stored statuses of all jobs. */
  pauses: Pauses;
}

function emptyPlace(): Place {
  return { nodes: new Map(), locks: new Map(), signers: new Signers(), jobs: [], pauses: createPauses() };
}

export class World {
  readonly works = new Map<string, Work>();
  readonly asks = new Map<string, string>();
  /** So many times the identities can't be written. */
  refusals = 0;
  claim: ObservedPvc | undefined;
  status: JobStatus = {};
  record: ObservedRecord | undefined;
  now = 1_800_000_000_000;
  fileGone = false;
  deleting = false;
  release = false;
  readonly #uid: string;
  readonly #options: WorldOptions;
  readonly #place: Place;
  /** The UIDs that were returned to the controller that runs now. */
  readonly #created = new Map<string, true>();
  #serial = 0;

  constructor(options: WorldOptions) {
    const { after, targets, signed = {} } = options;
    this.#options = options;
    this.#place = after === undefined ? emptyPlace() : after.#place;
    this.#place.jobs.push(this);
    this.#uid = `${UID}${'x'.repeat(this.#place.jobs.length - 1)}`;
    this.record = { uid: this.#uid };
    for (const target of targets) {
      this.nodes.set(target.node, nodeOf(target));
      const height = target.node in signed ? signed[target.node] : target.height;
      this.signers.add(target.node, target.identity ?? target.node, height);
    }
  }

  get nodes(): Place['nodes'] {
    return this.#place.nodes;
  }

  get locks(): Place['locks'] {
    return this.#place.locks;
  }

  get signers(): Signers {
    return this.#place.signers;
  }

  get violations(): string[] {
    return this.signers.violations;
  }

  /** One reconciliation of the job. `steps` counts down to a crash; the stored status and the cluster stay, the rest is lost. */
  reconcile(steps = Number.POSITIVE_INFINITY): Move {
    const { kind, spec } = this.#options;
    const input = {
      kind,
      job: { kind: kind.kind, namespace: 'prod', name: 'one', uid: this.#uid },
      spec,
      status: this.status,
      observed: this.observe(),
      settings,
      now: this.now,
    };
    const elsewhere = whyRedirected(input);
    if (elsewhere !== undefined) this.violations.push(`its own status counts as one of another: ${elsewhere}`);
    const move = next(input);
    if (!this.#carryOut(move, steps)) this.#restart();
    return move;
  }

  /** False when it was cut off. */
  #carryOut(move: Move, steps: number): boolean {
    let left = steps;
    if (left-- <= 0) return false;
    this.status = move.status;
    this.#learn();
    // The publish loop writes results a little later; here at once.
    if (this.record !== undefined && this.status.phase !== undefined)
      this.record = { ...this.record, phase: this.status.phase };
    for (const effect of move.effects) {
      if (left-- <= 0) return false;
      this.perform(effect);
      this.check();
    }
    return true;
  }

  /** A new controller has nothing but the stored statuses. */
  #restart(): void {
    this.#place.pauses = createPauses();
    this.#created.clear();
    for (const job of this.#place.jobs) job.#learn();
  }

  #learn(): void {
    const { kind, spec } = this.#options;
    const metadata = { name: 'one', namespace: 'prod', uid: this.#uid };
    this.#place.pauses.learn({ apiVersion: API_VERSION, kind: kind.kind, metadata, spec, status: this.status });
  }

  /** Passes and time until nothing changes any more. Returns the number of passes. */
  settle(limit = 400): number {
    let quiet = 0;
    for (let pass = 0; pass < limit; pass++) {
      const before = JSON.stringify(this.status);
      const move = this.reconcile();
      this.tick();
      quiet =
        JSON.stringify(this.status) === before && move.effects.length === 0 && move.status.endTime !== undefined
          ? quiet + 1
          : 0;
      if (quiet > 2) return pass;
    }
    return limit;
  }

  /** Ten seconds of the rest of the cluster: pods stop and start, tasks run, chains grow. */
  tick(seconds = 10): void {
    this.now += seconds * 1000;
    this.#tickNodes();
    this.#tickWorks();
    this.check();
  }

  #tickNodes(): void {
    for (const node of this.nodes.values()) {
      if (node.pod === 'stopping' && node.grace-- <= 0) this.#setPod(node, 'none');
      else if (this.#wanted(node) === 0 && node.pod === 'running') this.#setPod(node, 'stopping');
      else if (this.#wanted(node) > 0 && node.pod === 'none' && !node.identity.endsWith('-being-exchanged'))
        this.#setPod(node, 'running');
      else if (node.pod === 'running') node.height += 1;
      this.#sign(node);
    }
  }

  /** What consensus engines of other layouts keep of their votes is not known, and is not modelled. */
  #sign({ target, signsWith }: Node): void {
    if (signsWith !== undefined && target.deployMethod === 'managed') this.signers.sign(target.node, signsWith);
  }

  #tickWorks(): void {
    for (const work of this.works.values()) {
      if (work.pod === 'running' && (work.left -= 1) <= 0) this.#end(work);
      else if (!work.suspended && !work.deleted && !work.stalled && work.pod === 'none') {
        work.pod = 'running';
        work.runs += 1;
      }
      if (work.deleted && work.pod === 'running') work.left = Math.min(work.left, 1);
    }
  }

  /** The last moment of a pod is when it writes. */
  #end(work: Work): void {
    work.pod = 'ended';
    const [node = ''] = work.nodes;
    if (!work.parameters.verb.endsWith('Signer')) return;
    const wanted = this.#options.result?.(work.runs, work);
    const fails = wanted !== undefined && 'ok' in wanted && wanted.ok === false;
    const isClean = fails && 'swapped' in wanted && wanted.swapped === false;
    const done: TaskResult | undefined = isClean ? undefined : this.signers.act(node, work.parameters);
    work.result = fails ? wanted : { ...done, ...wanted };
  }

  /** The pod dies before its last act, or right after it; it leaves no result. */
  kill(work: Work, acted: boolean): void {
    if (acted) this.signers.act(work.nodes[0] ?? '', work.parameters);
    work.pod = 'killed';
  }

  /** A user creates a pod of a stopped node by hand; it is deleted again, because its node is paused. */
  startByHand(name: string): void {
    const node = this.#node(name);
    if (node.pod === 'none') this.#setPod(node, 'running');
  }

  #setPod(node: Node, pod: Node['pod']): void {
    if (pod === 'running') node.starts += 1;
    node.pod = pod;
    node.grace = GRACE;
    if (pod === 'running') node.signsWith = node.identity;
    if (pod === 'none') node.signsWith = undefined;
  }

  /** The node loop's word for managed nodes; the workload's own replicas for others. */
  #wanted(node: Node): number {
    if (node.target.deployMethod !== 'managed') return node.replicas;
    return this.isHeld(node.target.node) || !node.target.wasRunning ? 0 : 1;
  }

  isHeld(node: string): boolean {
    return this.#place.pauses.of(`prod/${node}`) !== undefined;
  }

  perform(effect: Effect): void {
    switch (effect.do) {
      case 'acquireLock': {
        const lock = this.locks.get(effect.lock) ?? {};
        if (lock.holder === undefined) this.locks.set(effect.lock, { ...lock, holder: effect.holder });
        return;
      }
      case 'noteOnLock':
        this.locks.set(effect.lock, { ...this.locks.get(effect.lock), note: effect.note });
        return;
      case 'releaseLock': {
        const { note } = this.locks.get(effect.lock) ?? {};
        this.locks.set(effect.lock, effect.keepNote && note !== undefined ? { note } : {});
        return;
      }
      case 'pauseNode':
        this.#place.pauses.pause(`prod/${effect.node}`, { uid: this.#uid, by: effect.because });
        return;
      case 'unpauseNode':
        this.#place.pauses.resume(`prod/${effect.node}`);
        return;
      case 'scaleWorkload':
        for (const node of this.nodes.values())
          if (node.target.workload.name === effect.workload.name) node.replicas = effect.replicas;
        return;
      default:
        this.#make(effect);
    }
  }

  /** Effects on what the job itself makes, and on identities. */
  #make(effect: Effect): void {
    switch (effect.do) {
      case 'createPvc':
        this.claim ??= {
          name: effect.object.metadata.name,
          uid: this.#newUid('claim'),
          jobUid: this.#uid,
          phase: 'Bound',
          object: effect.object,
        };
        return;
      case 'deletePvc':
        if (this.claim?.uid === effect.uid) this.claim = undefined;
        return;
      case 'createJob':
        this.#createJob(effect.object);
        return;
      case 'resumeJob':
        this.#change(effect, { suspended: false });
        return;
      case 'deleteJob':
        this.#change(effect, { deleted: true });
        return;
      case 'askNode':
        this.asks.set(effect.task, JSON.stringify({ ok: true, height: this.#options.spec['blockHeight'] }));
        return;
      case 'setIdentities':
        if (this.refusals-- > 0) return;
        for (const { node, identity } of effect.assignments) {
          if (this.#node(node).identity !== identity) this.signers.checkKey(node, identity);
          this.#node(node).identity = identity;
        }
        return;
      case 'setAccountVolume':
        this.#node(effect.node).identity = effect.configMap;
        return;
      default:
    }
  }

  #change({ name, uid }: Pick<Work, 'name' | 'uid'>, change: Partial<Work>): void {
    const work = this.works.get(name);
    if (work?.uid === uid) Object.assign(work, change);
  }

  #createJob(object: KubeObject): void {
    const { name } = object.metadata;
    const live = this.works.get(name);
    if (live !== undefined && !live.deleted) return;
    if (valueAt(object, ['spec', 'suspend']) !== true) this.violations.push(`${name} was created running`);
    const claims = JSON.stringify(valueAt(object, ['spec', 'template', 'spec', 'volumes']));
    const nodes = [...this.nodes.values()]
      .filter(({ target }) => target.volumes.some(({ claim }) => claims.includes(`"${claim}"`)))
      .map(({ target }) => target.node);
    const args = valueAt(object, ['spec', 'template', 'spec', 'containers', 0, 'args']);
    const json = Array.isArray(args) ? String(args.at(-1)).replaceAll('$$(', '$(') : '{}';
    const uid = this.#newUid('job');
    const parameters = TaskParameters.parse(JSON.parse(json));
    const fresh = { suspended: true, pod: 'none', deleted: false, runs: 0, left: 1, stalled: false } as const;
    this.works.set(name, { uid, name, nodes, parameters, ...fresh });
    this.#created.set(uid, true);
  }

  observe(): JobObservation {
    const { source } = this.#options;
    return {
      deleting: this.deleting,
      ...(this.fileGone ? { withdrawn: 'its file was removed' } : {}),
      release: this.release,
      record: this.record,
      locks: this.locks,
      absent: [],
      targets: new Map([...this.nodes].map(([name, node]) => [name, this.#lookAt(node)])),
      pvc: this.claim,
      tasks: new Map(this.#liveWorks()),
      workerPods: [...this.works.values()].filter(({ pod }) => pod === 'running').length,
      identities: new Map([...this.nodes].map(([name, { identity }]) => [name, identity])),
      source,
    };
  }

  #lookAt(node: Node): ObservedNode {
    const { target, replicas, pod, height } = node;
    const { answers } = this.#options;
    const isUp = pod !== 'none';
    const left = this.#place.pauses.leftBy(`prod/${target.node}`, this.#uid);
    const current: JobTarget = {
      ...target,
      wasRunning: target.deployMethod === 'managed' ? target.wasRunning : replicas > 0,
      ...(target.deployMethod === 'managed' ? {} : { replicas }),
      identity: node.identity,
      height,
    };
    return {
      found: { ok: true, target: current },
      pods: isUp ? [{ name: `${target.node}-0`, ready: pod === 'running' }] : [],
      replicas: target.deployMethod === 'managed' ? this.#wanted(node) : replicas,
      paused: this.isHeld(target.node),
      ...(left === undefined ? {} : { leftPausedBy: left.by }),
      health: pod === 'running' ? { answering: true, height } : { answering: false },
      ...(answers === undefined ? {} : { answers }),
    };
  }

  *#liveWorks(): Generator<[string, ObservedTask]> {
    for (const [name, termination] of this.asks)
      yield [name, { suspended: false, active: 0, running: false, termination }];
    for (const work of this.works.values()) if (!work.deleted) yield [work.name, this.#observeWork(work)];
  }

  #observeWork(work: Work): ObservedTask {
    const said = work.result ?? (this.#options.result ?? defaultResult)(work.runs, work);
    const result = work.pod === 'ended' ? said : undefined;
    const isRunning = work.pod === 'running';
    const isEnded = work.pod === 'ended' || work.pod === 'killed';
    const isGood = result !== undefined && 'ok' in result && result.ok === true;
    return {
      uid: work.uid,
      jobUid: this.#uid,
      ...defined({ made: this.#created.get(work.uid) }),
      suspended: work.suspended,
      active: Number(isRunning),
      running: isRunning,
      ...(isEnded ? { finished: isGood ? 'Complete' : 'Failed' } : {}),
      ...(result === undefined ? {} : { termination: JSON.stringify(result) }),
    };
  }

  /** What must hold at every moment. */
  check(): void {
    const keys = [...this.nodes.values()].flatMap(({ signsWith }) => signsWith ?? []);
    if (new Set(keys).size < keys.length) this.violations.push(`two pods sign with one key: ${keys.join(', ')}`);
    const set = [...this.nodes.values()].map(({ identity }) => identity);
    if (new Set(set).size < set.length) this.violations.push(`two nodes are given one key: ${set.join(', ')}`);
    for (const work of this.works.values()) {
      this.#checkWriting(work);
      if (work.runs > 1) this.violations.push(`${work.name} ran ${work.runs} times`);
      const under = work.nodes.filter((name) => this.#node(name).pod !== 'none');
      if (work.pod === 'running' && under.length > 0 && !this.disturbed && this.#options.spec['action'] !== 'Direct')
        this.violations.push(`${work.name} works on the data of ${under.join(', ')}, which runs`);
    }
  }

  /** From before the first write everything needed to take it back, and word that the nodes must not start, is kept. */
  #checkWriting(work: Work): void {
    if (work.parameters.verb !== 'writeSigner' || work.pod !== 'running') return;
    const known = this.status.signers?.states.map(({ text }) => text) ?? [];
    if (!known.includes(work.parameters.text)) this.violations.push(`${work.name} writes what is not on record`);
    for (const [lock, { note }] of this.locks)
      if (note?.unsafe === undefined || note.keys !== true)
        this.violations.push(`${work.name} writes, unknown to ${lock}`);
  }

  /** Set when a test starts nodes behind the job's back. */
  disturbed = false;

  #node(name: string): Node {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  }

  #newUid(what: string): string {
    this.#serial += 1;
    return `${what}-${this.#serial}`;
  }
}

function defaultResult(): object | undefined {
  return { ok: true, bytes: 1000, files: 10, manifestSha256: 'b'.repeat(64), height: 90 };
}
