// Puts one JSON question over HTTP to the client in the same pod.

import type { AskParameters } from '../api/worker-task.ts';
import { clip, clipJson } from '../lib/clip.ts';
import { systemCodeOf } from '../lib/errors.ts';
import { member } from '../lib/json-value.ts';
import { throwIfStopped, TaskError } from './task-error.ts';

const MAX_ANSWER_BYTES = 1 << 20;

/**
 * The JSON of the answer. Throws `NoAnswer` when none comes in time, and `AskRefused` when it is an HTTP error or a
 * JSON-RPC error (JSON-RPC 2.0 §5.1). A JSON-RPC error also comes with status 200.
 */
export async function putQuestion(
  question: AskParameters['asks'][number],
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<unknown> {
  const { id, status, text } = await send(question, signal, timeoutMs);
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new TaskError('AskRefused', `the answer to ${id} is not JSON (HTTP ${status}): ${clip(text)}`);
  }
  const error = member(answer, 'error');
  if (error !== undefined && error !== null)
    throw new TaskError('AskRefused', `the client answers ${id} with the error ${clipJson(error, 300)}`);
  if (status >= 400) throw new TaskError('AskRefused', `the client answers ${id} with HTTP ${status}: ${clip(text)}`);
  return answer;
}

interface Answer {
  readonly id: string;
  readonly status: number;
  readonly text: string;
}

async function send(
  { id, port, method, path, body }: AskParameters['asks'][number],
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Answer> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return { id, status: response.status, text: await readText(response) };
  } catch (error) {
    throwIfStopped(signal);
    if (error instanceof TaskError) throw error;
    const cause = error instanceof Error ? error.cause : undefined;
    const why = error instanceof Error && error.name === 'TimeoutError' ? `within ${timeoutMs / 1000} s` : undefined;
    throw new TaskError(
      'NoAnswer',
      `no answer to ${id} on port ${port} ${why ?? `(${systemCodeOf(cause) ?? 'the connection broke'})`}`,
      {
        cause: error,
      },
    );
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new TaskError('AskRefused', 'the answer is longer than 1 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
