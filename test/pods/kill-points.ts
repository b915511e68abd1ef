// Kills a controller the moment a request enters a stage, and starts it again.

import { isFinal } from '../../src/api/job-phase.ts';
import { waitFor } from '../support/wait-for.ts';
import { PHASES } from './one-run.ts';
import type { Kind, RequestObserver } from './request-observer.ts';

/** Every phase, and inside of Working the two moments at which work could be begun twice or its result be lost. */
export const STAGES: readonly string[] = [...PHASES, 'Job made', 'pod begun'];

/** A controller that can be killed, and the observer of what it does. */
export interface Victim extends Pick<RequestObserver, 'onStage' | 'object'> {
  /** Resolves when it is dead. */
  kill(): Promise<unknown>;
  /** Resolves when the process that runs now has ended, killed or by itself. */
  exited(): Promise<unknown>;
  start(): Promise<void>;
  lastLog(lines: number): Promise<string>;
}

export interface Killer {
  /** From now on the controller dies once at each of these stages of the request, which is asked for after this. */
  aimAt(kind: Kind, name: string, stages?: readonly string[]): void;
  /** Waits until it has died at all of them and runs again. */
  isDone(kind: Kind, name: string): Promise<void>;
  /** From now on a controller that ends stays ended. Resolves when none is being started any more. */
  close(): Promise<void>;
}

const PATIENCE_MS = 300_000;

export function startKiller(victim: Victim): Killer {
  const left = new Map<string, Set<string>>();
  let line = Promise.resolve();
  let isAboutToDie = false;
  let isClosed = false;
  let trouble: Error | undefined;

  /** In a row: one that is only just being started can't be killed yet. Until it is dead, one death counts for all. */
  function kill(): void {
    if (isAboutToDie) return;
    isAboutToDie = true;
    inLine(async () => {
      await victim.kill();
      isAboutToDie = false;
      await start();
    });
  }

  function inLine(step: () => Promise<void>): void {
    line = line.then(step);
    line.catch((cause: unknown) => (trouble = new Error('the controller does not start again', { cause })));
  }

  async function start(): Promise<void> {
    await victim.start();
    restartOnExit();
  }

  /** As a kubelet does with a container: a controller that loses its lease on a busy machine ends by itself. */
  function restartOnExit(): void {
    void victim.exited().then(() => {
      if (!isClosed && !isAboutToDie) inLine(start);
    });
  }

  restartOnExit();
  victim.onStage((key, stage) => {
    if (left.get(key)?.delete(stage) === true) kill();
  });

  return {
    aimAt: (kind, name, stages = STAGES) => void left.set(`${kind}/${name}`, new Set(stages)),
    async isDone(kind, name) {
      const stages = left.get(`${kind}/${name}`);
      const isThrough = (): boolean => {
        if (trouble !== undefined) throw trouble;
        const { phase, message } = victim.object(kind, name)?.status ?? {};
        if (phase !== undefined && isFinal(phase) && phase !== 'Complete')
          throw new Error(`it ended ${phase}: ${message}`);
        return stages?.size === 0;
      };
      try {
        await waitFor('a kill at every stage', isThrough, PATIENCE_MS);
        await line;
      } catch (cause) {
        const log = await victim.lastLog(15);
        left.delete(`${kind}/${name}`);
        throw new Error(`${kind} ${name}, not yet seen at ${[...(stages ?? [])].join()}\n${log}`, { cause });
      }
    },
    async close() {
      isClosed = true;
      await line;
    },
  };
}
