// Kubernetes Events about objects, which `kubectl describe` shows. A failed Event never affects the reconciliation.

import type { EventReason } from '../api/codes/event-reason.ts';
import { ANNOTATION, FIELD_MANAGER } from '../api/group.ts';
import { describeRef, type KubeObject, type Ref, refOf } from '../api/objects.ts';
import { defined } from '../lib/defined.ts';
import { sha256 } from '../lib/hash.ts';
import type { Redactor } from '../lib/redact.ts';
import type { Cluster } from './cluster.ts';
import { isKubeError } from './kube-error.ts';
import { NO_LOG, type Log } from './log.ts';

export interface EventNote {
  /** The object it is about, with its UID. */
  readonly about: KubeObject;
  readonly type: 'Normal' | 'Warning';
  readonly reason: EventReason;
  /** One sentence; it is redacted here. Without figures that change in every reconciliation, so that repeats are recognized. */
  readonly message: string;
  /** The Event says what is so until another one of the same state, such as failing and working again: after another one it is written again at once. */
  readonly state?: string;
}

export interface EventOptions {
  readonly cluster: Pick<Cluster, 'apply' | 'create' | 'get'>;
  /** The controller's name, shown as the source. */
  readonly component: string;
  /** Which of its processes. */
  readonly instance: string;
  /** For every message, of any caller. */
  readonly redactor: Redactor;
  readonly log?: Log;
  /** Milliseconds since the epoch; default Date.now. */
  readonly now?: () => number;
}

export interface Events {
  /** Returns at once; never throws. */
  emit(note: EventNote): void;
  /** Resolves when everything emitted so far was written or given up; never rejects. */
  flush(): Promise<void>;
}

/**
 * The same reason and message about the same object are written again after this long at the earliest, with a count, unless their state has
 * changed in between.
 */
const REPEAT_MS = 5 * 60_000;
const MAX_MESSAGE = 1024;
const MAX_REASON = 128;
/**
 * More waiting Events mean a change of the whole fleet or a slow API server; further ones are dropped. Warnings have their
 * own, larger limit, so that the progress of a thousand nodes does not displace them.
 */
const MAX_WAITING = { Normal: 256, Warning: 2048 };
const MAX_KNOWN = 4096;

interface Known {
  readonly writtenAt: number;
  /** Repeats since then. */
  readonly unwritten: number;
}

export function makeEvents(options: EventOptions): Events {
  const log = options.log ?? NO_LOG;
  const now = options.now ?? Date.now;
  const known = new Map<string, Known>();
  const isNews = createStates();
  let waiting = 0;
  let dropped = 0;
  let line: Promise<void> = Promise.resolve();

  function emit(said: EventNote): void {
    // Before anything is cut off, compared or named by it.
    const note = { ...said, message: options.redactor(said.message) };
    const at = now();
    const id = identify(note, options.component);
    const { writtenAt, unwritten } = known.get(id) ?? { writtenAt: -Infinity, unwritten: 0 };
    const isRepeat = !isNews(note, id) && at - writtenAt < REPEAT_MS;
    remember(known, id, isRepeat ? { writtenAt, unwritten: unwritten + 1 } : { writtenAt: at, unwritten: 0 });
    if (isRepeat) return;
    if (waiting < MAX_WAITING[note.type]) write({ note, id, at, times: unwritten + 1 });
    else drop();
  }

  function write(emission: Emission): void {
    waiting++;
    // One at a time, so that a burst of Events does not displace other requests.
    line = line.then(() => send(emission));
  }

  /** Logged once per burst, and the number of dropped Events at its end. */
  function drop(): void {
    if (dropped++ === 0) log.warn({ waiting }, 'Dropping Events because too many are waiting');
  }

  async function send(emission: Emission): Promise<void> {
    const ref = refOfEvent(emission);
    try {
      if (!(await isFirstOfSeries(emission, options))) await continueSeries(emission, options);
    } catch (error) {
      log.warn({ event: ref.name, err: error }, 'Writing an Event failed');
    } finally {
      waiting--;
      if (waiting === 0 && dropped > 0) {
        log.warn({ dropped }, 'Dropped Events');
        dropped = 0;
      }
    }
  }

  return { emit, flush: () => line };
}

/** Whether an Event says something else than the one before of the same state. */
function createStates(): (note: EventNote, id: string) => boolean {
  const said = new Map<string, string>();
  return ({ about, state }, id) => {
    if (state === undefined) return false;
    const subject = `${state} ${describeRef(refOf(about))} ${about.metadata.uid ?? ''}`;
    const isOther = said.get(subject) !== id;
    remember(said, subject, id);
    return isOther;
  };
}

function identify({ about, type, reason, message }: EventNote, component: string): string {
  return sha256([about.metadata.uid ?? '', about.metadata.name, type, reason, message, component].join('\n'));
}

/** Taken out and put in again: the order of the map is the order of use. */
function remember<T>(known: Map<string, T>, id: string, value: T): void {
  known.delete(id);
  known.set(id, value);
  const [oldest] = known.keys();
  if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
}

interface Emission {
  readonly note: EventNote;
  /** Equal for equal Events. */
  readonly id: string;
  readonly at: number;
  /** With the repeats that were not written. */
  readonly times: number;
}

/** Equal Events have the same name, so a repeat, also after a restart, updates the object. */
function refOfEvent({ note: { about }, id }: Emission): Ref & { readonly namespace: string } {
  const { name, namespace } = refOf(about);
  // Events about cluster-scoped objects are in `default`, where kubectl reads them.
  return {
    apiVersion: 'v1',
    kind: 'Event',
    name: `${name.slice(0, 200)}.${id.slice(0, 16)}`,
    namespace: namespace ?? 'default',
  };
}

/** Whether there was no such Event, so that it begins a series. */
async function isFirstOfSeries(emission: Emission, options: EventOptions): Promise<boolean> {
  try {
    await options.cluster.create(makeEvent(emission, NO_SERIES, options));
    return true;
  } catch (error) {
    if (isKubeError(error, 'ALREADY_EXISTS')) return false;
    throw error;
  }
}

async function continueSeries(emission: Emission, options: EventOptions): Promise<void> {
  const series = await readSeries(refOfEvent(emission), options);
  await options.cluster.apply(makeEvent(emission, series, options), { fieldManager: FIELD_MANAGER, force: true });
}

interface Series {
  readonly count: number;
  /** RFC 3339. */
  readonly since: string | undefined;
}

const NO_SERIES: Series = { count: 0, since: undefined };

/** The API server has the series, and forgets it after an hour without a repeat: then the next Event is a first one. */
async function readSeries(ref: Ref, { cluster }: EventOptions): Promise<Series> {
  // A role of before may not read Events: they are written all the same.
  const live = await cluster.get(ref).catch(() => undefined);
  const [count, since] = [live?.['count'], live?.['firstTimestamp']];
  return typeof count === 'number' && typeof since === 'string' ? { count, since } : NO_SERIES;
}

function makeEvent(emission: Emission, series: Series, options: EventOptions): KubeObject {
  const { note, at, times } = emission;
  const { about, type, reason, message } = note;
  const { uid, resourceVersion } = about.metadata;
  const { apiVersion, kind, ...metadata } = refOfEvent(emission);
  return {
    apiVersion,
    kind,
    metadata: {
      ...metadata,
      // The times of an Event are whole seconds, in which a state may change twice.
      ...(note.state === undefined ? {} : { annotations: { [ANNOTATION.saidAt]: new Date(at).toISOString() } }),
    },
    involvedObject: { ...refOf(about), ...defined({ uid, resourceVersion }) },
    type,
    reason: reason.slice(0, MAX_REASON),
    message: message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE - 1)}…`,
    source: { component: options.component },
    reportingComponent: options.component,
    reportingInstance: options.instance.slice(0, 128),
    firstTimestamp: series.since ?? seconds(at),
    lastTimestamp: seconds(at),
    count: series.count + times,
  };
}

/** Time of meta/v1: RFC 3339 in whole seconds. */
function seconds(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}
