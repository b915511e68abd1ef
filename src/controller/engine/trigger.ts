// Interprets a table of triggers: what happened → which keys → which queue.

import type { NoticeName, Notices, Notify } from './notices.ts';
import type { QueueName, Queues } from './queues.ts';

/** Delays that are settings. */
export interface SetDelays {
  readonly publishDelayMs: number;
  readonly progressDelayMs: number;
}

/** One row of the table. `View` is what key functions may look up. */
export interface Trigger<View, Name extends NoticeName = NoticeName> {
  readonly on: readonly Name[];
  /** The keys that need a reconciliation. */
  keys(this: void, notice: Notices[Name], view: View): Iterable<string>;
  readonly queue: QueueName;
  /** How long further events are collected first, in milliseconds. */
  readonly delayMs?: number | keyof SetDelays;
  /** The input of the reconciliation changed, so it does not wait for the backoff of earlier failures. */
  readonly resetsBackoff?: true;
}

export interface TriggerOptions<View> {
  readonly triggers: readonly Trigger<View>[];
  readonly queues: Queues;
  readonly view: View;
  readonly delays: SetDelays;
}

export function createNotify<View>({ triggers, queues, view, delays }: TriggerOptions<View>): Notify {
  const rows = new Map<NoticeName, Trigger<View>[]>();
  for (const trigger of triggers) for (const name of trigger.on) rows.set(name, [...(rows.get(name) ?? []), trigger]);
  return (name, notice) => {
    for (const { keys, queue, delayMs = 0, resetsBackoff } of rows.get(name) ?? [])
      for (const key of keys(notice, view)) {
        if (resetsBackoff === true) queues[queue].resetBackoff(key);
        queues[queue].add(key, typeof delayMs === 'number' ? delayMs : delays[delayMs]);
      }
  };
}
