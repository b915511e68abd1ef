// Kills the controller of a world the moment a request enters a stage, and starts it again.

import { isFinal } from '../../src/api/job-status.ts';
import { waitFor } from '../support/wait-for.ts';
import type { CrashWorld } from './crash-world.ts';
import { PHASES } from './one-run.ts';
import type { Kind } from './request-eyes.ts';

/** Every phase, and inside of Working the two moments at which work could be begun twice or its result be lost. */
export const STAGES: readonly string[] = [...PHASES, 'Job made', 'pod begun'];

export interface Killer {
  /** From now on the controller dies once at each stage of the request, which is asked for after this. */
  aimAt(kind: Kind, name: string): void;
  /** Waits until it has died at all of them and runs again. */
  isDone(kind: Kind, name: string): Promise<void>;
}

const PATIENCE_MS = 300_000;

export function startKiller(world: CrashWorld): Killer {
  const left = new Map<string, Set<string>>();
  let line = Promise.resolve();
  let isAboutToDie = false;
  let trouble: Error | undefined;

  /** In a row: one that is only just being started can't be killed yet. Until it is dead, one death counts for all. */
  function kill(): void {
    if (isAboutToDie) return;
    isAboutToDie = true;
    line = line.then(async () => {
      await world.process().kill();
      isAboutToDie = false;
      await world.start();
    });
    line.catch((cause: unknown) => (trouble = new Error('the controller does not start again', { cause })));
  }

  world.onStage((key, stage) => {
    if (left.get(key)?.delete(stage) === true) kill();
  });

  return {
    aimAt: (kind, name) => void left.set(`${kind}/${name}`, new Set(STAGES)),
    async isDone(kind, name) {
      const stages = left.get(`${kind}/${name}`);
      const isThrough = (): boolean => {
        if (trouble !== undefined) throw trouble;
        const { phase, message } = world.object(kind, name)?.status ?? {};
        if (phase !== undefined && isFinal(phase) && phase !== 'Complete')
          throw new Error(`it ended ${phase}: ${message}`);
        return stages?.size === 0;
      };
      try {
        await waitFor('a kill at every stage', isThrough, PATIENCE_MS);
        await line;
      } catch (cause) {
        const log = await world.process().lastLog(15);
        throw new Error(`${kind} ${name}, not yet seen at ${[...(stages ?? [])].join()}\n${log}`, { cause });
      }
    },
  };
}
