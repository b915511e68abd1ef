// Times of schedules that have passed, and up to when the controller has dealt with them.

import { waitFor } from '../demo/wait-for.ts';
import type { PodsWorld } from './world.ts';

const MINUTE = 60_000;

/** Start of a minute that has passed. */
export function minutesAgo(minutes: number): number {
  return Math.floor(Date.now() / MINUTE - minutes) * MINUTE;
}

/** A cron expression for the minute and hour of that time, every day. */
export function dailyAt(at: number): string {
  const time = new Date(at);
  return `${time.getUTCMinutes()} ${time.getUTCHours()} * * *`;
}

/** The memory of a controller, and the schedule. */
export interface Remembered {
  readonly world: PodsWorld;
  readonly memory: string;
  readonly schedule: string;
}

/** Up to when the controller has dealt with the schedule. */
export async function rememberedTime({ world, memory, schedule }: Remembered): Promise<number> {
  return await waitFor({ what: 'the schedule in the memory', timeoutMs: 60_000 }, async () => {
    const text = await world.kubectl(['get', 'configmap', memory, '-o', 'jsonpath={.data.schedules}']);
    return (JSON.parse(text) as Record<string, number>)[`${world.namespace}/${schedule}`];
  });
}

/** While the controller is down. */
export async function rememberTime({ world, memory, schedule }: Remembered, time: number): Promise<void> {
  const data = { schedules: JSON.stringify({ [`${world.namespace}/${schedule}`]: time }) };
  await world.kubectl(['patch', 'configmap', memory, '--type=merge', '-p', JSON.stringify({ data })]);
}
