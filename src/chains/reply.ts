// Reads replies of running nodes: for every reply the result is a value or a reason, never an exception.

import { z } from 'zod';

import { assertNever } from '../lib/assert-never.ts';
import type { Reply, RoleFacts } from './observed.ts';

export type Answer =
  | { readonly kind: 'value'; readonly value: unknown }
  /** The client answered with an error of its own, e.g. JSON-RPC -28 "Loading block index". */
  | { readonly kind: 'complaint'; readonly code: number; readonly message: string }
  | { readonly kind: 'trouble'; readonly facts: RoleFacts };

const JsonRpcError = z.object({ error: z.object({ code: z.number(), message: z.string() }) });
const JsonRpcResult = z.object({ result: z.unknown() });
const MESSAGE_LIMIT = 300;

/** The `result` of a JSON-RPC reply (also of CometBFT's URI form), its error, or why there is none. */
export function jsonRpcAnswer(reply: Reply | undefined): Answer {
  if (reply?.ok !== true) return { kind: 'trouble', facts: unanswered(reply) };
  const error = JsonRpcError.safeParse(reply.body);
  if (error.success) return { kind: 'complaint', ...error.data.error, message: clip(error.data.error.message) };
  const result = JsonRpcResult.safeParse(reply.body);
  if (result.success && result.data.result !== undefined) return { kind: 'value', value: result.data.result };
  return { kind: 'trouble', facts: unreadable(`the reply (HTTP ${reply.status}) is no JSON-RPC answer`) };
}

/** The body of a successful REST reply, or why there is none. */
export function restAnswer(reply: Reply | undefined): Answer {
  if (reply?.ok !== true) return { kind: 'trouble', facts: unanswered(reply) };
  if (reply.status >= 200 && reply.status < 300) return { kind: 'value', value: reply.body };
  return { kind: 'complaint', code: reply.status, message: `HTTP ${reply.status}` };
}

/** The value if it has the shape, otherwise undefined. For facts a node may leave out. */
export function valueOf<Shape extends z.ZodType>(answer: Answer, shape: Shape): z.infer<Shape> | undefined {
  if (answer.kind !== 'value') return undefined;
  const parsed = shape.safeParse(answer.value);
  return parsed.success ? parsed.data : undefined;
}

/** Facts for an answer without which nothing can be said about the role. */
export function factsOfFailure(answer: Answer, what: string): RoleFacts {
  switch (answer.kind) {
    case 'trouble':
      return answer.facts;
    case 'complaint':
      return unreadable(`${what}: error ${answer.code}: ${answer.message}`);
    case 'value':
      return unreadable(`${what}: the reply has an unexpected form`);
    default:
      return assertNever(answer);
  }
}

/** Facts of a role whose reply says something we can't read. */
export function unreadable(message: string): RoleFacts {
  return { reach: 'unreadable', message };
}

function unanswered(reply: Exclude<Reply, { ok: true }> | undefined): RoleFacts {
  if (reply === undefined) return { reach: 'unreachable', message: 'not asked' };
  const readable = reply.reason !== 'notJson' && reply.reason !== 'tooLarge';
  return { reach: readable ? 'unreachable' : 'unreadable', message: clip(reply.message) };
}

function clip(text: string): string {
  return text.length <= MESSAGE_LIMIT ? text : `${text.slice(0, MESSAGE_LIMIT)}…`;
}
