// The verbs of the working pod: name → parameters and function.

import type { z } from 'zod';

import { chown } from './chown.ts';
import type { WorkContext } from './context.ts';
import { copy } from './copy.ts';
import { exec } from './exec.ts';
import {
  ChownParams,
  CopyParams,
  ExecParams,
  RestoreParams,
  SettleParams,
  UsageParams,
  VerifyParams,
} from './params.ts';
import { restore } from './restore.ts';
import { finish, rollback } from './settle.ts';
import { usage } from './usage.ts';
import { verify } from './verify.ts';
import { WorkError } from './work-error.ts';

/** Takes parameters as JSON gives them; throws `bad-parameters` when they are not what the verb's schema says. */
export type Verb = (params: unknown, context: WorkContext) => Promise<{ readonly ok: true }>;

export const verbs: Readonly<Record<string, Verb>> = {
  copy: verb(CopyParams, copy),
  verify: verb(VerifyParams, verify),
  restore: verb(RestoreParams, restore),
  rollback: verb(SettleParams, rollback),
  finish: verb(SettleParams, finish),
  chown: verb(ChownParams, chown),
  usage: verb(UsageParams, usage),
  exec: verb(ExecParams, exec),
};

function verb<Params>(
  schema: z.ZodType<Params>,
  act: (params: Params, context: WorkContext) => Promise<{ readonly ok: true }>,
): Verb {
  return async (params, context) => {
    const parsed = schema.safeParse(params);
    if (parsed.success) return act(parsed.data, context);
    const what = parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
    throw new WorkError('bad-parameters', `the parameters are wrong: ${what.slice(0, 5).join('; ')}`);
  };
}
