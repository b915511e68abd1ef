// Ask: waits until the client beside this container answers, asks it, and proves the height it then has.

import { setTimeout as wait } from 'node:timers/promises';

import type { AskParameters } from '../api/worker-task.ts';
import { describeError } from '../lib/errors.ts';
import { valueAt } from '../lib/json-value.ts';
import type { TaskContext } from './context.ts';
import { putQuestion } from './put-question.ts';
import { throwIfStopped, TaskError } from './task-error.ts';

export interface Patience {
  /** Until the client answers at all: a large database takes minutes to open. */
  readonly answerMs: number;
  /** From its first answer until it is up entirely. */
  readonly readyMs: number;
  /** For each question, and until it is at the wanted height: taking back thousands of blocks takes minutes too. */
  readonly heightMs: number;
  readonly everyMs: number;
}

const PATIENCE: Patience = { answerMs: 30 * 60_000, readyMs: 5 * 60_000, heightMs: 10 * 60_000, everyMs: 1000 };

/**
 * The proven height. Throws `NoAnswer` when the client does not come up, `AskRefused` when it answers with an error, and
 * `WrongHeight` when it stays at another height than the wanted one. Each question is asked once, and none when the
 * height is right already: a run before this one was cut off after it had asked.
 */
export async function ask(
  params: Omit<AskParameters, 'verb'>,
  context: TaskContext,
  patience = PATIENCE,
): Promise<number> {
  const first = await until(patience.answerMs, { ...patience, context }, () => heightOf(params.height, context));
  if ('trouble' in first)
    throw new TaskError('NoAnswer', `the client did not answer within ${minutes(patience.answerMs)}: ${first.trouble}`);
  context.say(`the client answers; its height is ${first.height}`);
  if (params.ready !== undefined) await becomesReady(params.ready, context, patience);
  if (first.height === params.wanted) return first.height;
  for (const question of params.asks) {
    context.say(`asking ${question.id}`);
    await putQuestion(question, { signal: context.signal, timeoutMs: patience.heightMs });
  }
  const last = await until(patience.heightMs, { ...patience, context }, async () => {
    const height = await heightOf(params.height, context);
    if (height !== params.wanted) throw new TaskError('WrongHeight', `its height is ${height}`);
    return height;
  });
  if ('height' in last) return last.height;
  throw new TaskError(
    'WrongHeight',
    `the client was asked, but did not reach height ${params.wanted} within ${minutes(patience.heightMs)}: ${last.trouble}`,
  );
}

/** Also when there is nothing to ask: this pod's end stops the client, which must be able to close its data. */
async function becomesReady(
  { ask: question, includes }: NonNullable<AskParameters['ready']>,
  context: TaskContext,
  patience: Patience,
): Promise<void> {
  const found = await until(patience.readyMs, { ...patience, context }, async () => {
    const answer = await putQuestion(question, { signal: context.signal, timeoutMs: 10_000 });
    if (!JSON.stringify(answer).includes(includes)) throw new TaskError('NoAnswer', 'it is not up entirely');
    return 0;
  });
  if ('trouble' in found)
    throw new TaskError('NoAnswer', `the client was not ready within ${minutes(patience.readyMs)}: ${found.trouble}`);
}

/** The first answer that is found, or the last trouble when time is over. */
async function until(
  ms: number,
  { everyMs, context }: Pick<Patience, 'everyMs'> & { readonly context: TaskContext },
  attempt: () => Promise<number>,
): Promise<{ readonly height: number } | { readonly trouble: string }> {
  const end = performance.now() + ms;
  let reported = '';
  for (;;) {
    try {
      return { height: await attempt() };
    } catch (error) {
      throwIfStopped(context.signal);
      const trouble = describeError(error);
      if (performance.now() > end) return { trouble };
      if (trouble !== reported) context.say(`waiting: ${trouble}`);
      reported = trouble;
      await wait(everyMs);
    }
  }
}

async function heightOf(
  { ask: question, at: path, format }: AskParameters['height'],
  { signal }: TaskContext,
): Promise<number> {
  const found = valueAt(await putQuestion(question, { signal, timeoutMs: 10_000 }), path);
  const height = readHeight(found, format);
  if (height === undefined)
    throw new TaskError('NoAnswer', `the answer to ${question.id} has no ${format} number at ${path.join('.')}`);
  return height;
}

function readHeight(value: unknown, format: 'hex' | 'decimal'): number | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  const isRight = typeof text === 'string' && (format === 'hex' ? /^0x[0-9a-f]+$/i : /^[0-9]+$/).test(text);
  const height = isRight ? Number(text) : Number.NaN;
  return Number.isSafeInteger(height) ? height : undefined;
}

function minutes(ms: number): string {
  return ms < 60_000 ? `${ms / 1000} s` : `${ms / 60_000} minutes`;
}
