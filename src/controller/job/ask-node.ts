// Asks a running node to do something, and for the proof that it did.

import type { Ask, HeightProbe } from '../../api/chain-jobs.ts';
import type { TaskResult } from '../../api/worker-task.ts';
import type { Reply } from '../../chains/observed.ts';
import { clipJson } from '../../lib/clip.ts';
import { textAt, valueAt } from '../../lib/json-value.ts';
import type { Asker, Target } from '../../rpc/ask.ts';

export interface AskRequest {
  readonly asks: readonly Ask[];
  readonly height: HeightProbe;
  /** The height to reach: a node that is there already is asked nothing, because an answer before was lost. */
  readonly wanted: number;
}

/** In their order, the first refusal ends it. Never rejects: trouble is a result. */
export async function askNode({ asks, height, wanted }: AskRequest, asker: Asker, target: Target): Promise<TaskResult> {
  const before = await askHeight(height, asker, target);
  if (before === undefined)
    return {
      ok: false,
      code: 'NoHeight',
      message: 'the node did not say its height, so it was asked nothing',
      swapped: false,
    };
  if (before === wanted) return { ok: true, height: before, swapped: true };
  for (const ask of asks) {
    const reply = (await asker.ask([ask], target)).get(ask.id);
    const refusal = refusalOf(reply);
    if (refusal !== undefined)
      return {
        ok: false,
        code: 'NodeRefused',
        message: `the node did not accept ${ask.id}: ${refusal}`,
        swapped: false,
      };
  }
  const found = await askHeight(height, asker, target);
  if (found === undefined)
    return { ok: false, code: 'NoHeight', message: 'the node did not say its height afterwards', swapped: true };
  return { ok: true, height: found, swapped: true };
}

async function askHeight(probe: HeightProbe, asker: Asker, target: Target): Promise<number | undefined> {
  return heightIn((await asker.ask([probe.ask], target)).get(probe.ask.id), probe);
}

function refusalOf(reply: Reply | undefined): string | undefined {
  if (reply === undefined) return 'no reply';
  if (!reply.ok) return reply.message;
  if (reply.status >= 400) return `HTTP ${reply.status}`;
  const error = valueAt(reply.body, ['error']);
  // JSON-RPC 2.0 has no member `error` in a success; bitcoind writes null.
  return error === undefined || error === null ? undefined : (textAt(error, ['message']) ?? clipJson(error, 300));
}

function heightIn(reply: Reply | undefined, { at, format }: HeightProbe): number | undefined {
  if (reply?.ok !== true) return undefined;
  const value = valueAt(reply.body, at);
  const text = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
  const pattern = format === 'hex' ? /^0x[0-9a-f]{1,13}$/i : /^[0-9]{1,15}$/;
  return pattern.test(text) ? Number(text) : undefined;
}
