// An HTTP status that is not 200, as an error that says what to do.

import type { IncomingMessage } from 'node:http';

import { GitError, type GitErrorCode } from './errors.ts';

interface Refusal {
  readonly context: { readonly url: URL; readonly redact: (text: string) => string };
  readonly target: URL;
  readonly answer: IncomingMessage;
}

const MAX_BODY = 4096;

/** Reads a little of the body, because forges explain a 403 there, and gives the error to throw. */
export async function refuseStatus({ context, target, answer }: Refusal): Promise<GitError> {
  const status = answer.statusCode ?? 0;
  const push = target.href.includes('git-receive-pack');
  const said = context.redact(await beginning(answer));
  const retryAfterMs = retryAfter(answer.headers['retry-after']);
  const [code, advice] = meaning(status, push, retryAfterMs !== undefined);
  const words = said === '' || said.startsWith('<') ? '' : ` The server says: ${said}`;
  const message = `${context.url.host}${context.url.pathname} answered ${status}: ${advice}.${words}`;
  return new GitError(code, message, retryAfterMs === undefined ? {} : { retryAfterMs });
}

function meaning(status: number, push: boolean, waits: boolean): readonly [GitErrorCode, string] {
  if (status === 401 || status === 203) return ['AUTHENTICATION_FAILED', 'check the user, the token and its expiry'];
  if (status === 429 || (status === 403 && waits))
    return ['RATE_LIMITED', 'too many requests; it is tried again later'];
  if (status === 403 && push) return ['READ_ONLY', 'the credentials may not push; give them write access to contents'];
  if (status === 403) return ['ACCESS_DENIED', 'the credentials may not read this repository'];
  if (status === 404 || status === 410)
    return ['REPOSITORY_NOT_FOUND', 'check the URL; private repositories also answer so to unknown credentials'];
  if (status === 408) return ['TIMEOUT', 'the server gave up waiting'];
  if (status >= 500) return ['SERVER_ERROR', 'the server has trouble; it is tried again'];
  return ['FAILED', 'check that the URL is that of a Git repository'];
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3) as milliseconds from now, at most an hour. */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.min(3_600_000, Math.max(0, ms)) : undefined;
}

async function beginning(answer: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      text += chunk.toString('utf8');
      if (text.length > MAX_BODY) break;
    }
  } catch {
    // The status is what matters; a broken explanation is no explanation.
  }
  return text.slice(0, MAX_BODY);
}
