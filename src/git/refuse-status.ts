// An HTTP status that is not 200, as an error that says what to do.

import type { IncomingMessage } from 'node:http';

import type { GitErrorCode } from '../lib/error-codes.ts';
import { GitError } from './errors.ts';

interface Refusal {
  readonly context: {
    readonly url: URL;
    readonly redact: (text: string) => string;
    readonly authorization: string | undefined;
  };
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
  const isAnonymous = context.authorization === undefined;
  const [code, advice] =
    (isAnonymous ? ANONYMOUS[status] : undefined) ?? meaning(status, push, retryAfterMs !== undefined);
  const words = said === '' || said.startsWith('<') ? '' : ` The server says: ${said}`;
  const message = `${context.url.host}${context.url.pathname} answered ${status}: ${advice}.${words}`;
  return new GitError(code, message, retryAfterMs === undefined ? {} : { retryAfterMs });
}

const MEANINGS: Readonly<Record<number, readonly [GitErrorCode, string]>> = {
  203: ['AUTHENTICATION_FAILED', 'the server wants a sign-in; check the user and the token'],
  401: ['AUTHENTICATION_FAILED', 'check the user, the token and its expiry'],
  403: ['ACCESS_DENIED', 'the credentials may not read this repository'],
  404: ['REPOSITORY_NOT_FOUND', 'check the URL; private repositories also answer so to unknown credentials'],
  408: ['TIMEOUT', 'the server gave up waiting'],
  410: ['REPOSITORY_NOT_FOUND', 'the repository is gone; check the URL'],
  429: ['RATE_LIMITED', 'too many requests; it is tried again later'],
};

const NO_CREDENTIALS =
  'no credentials are configured: give a token in NODEWRIGHT_GIT_TOKEN or with --git-token-file, or a GitHub App';

/** Where the request had no credentials. */
const ANONYMOUS: typeof MEANINGS = {
  203: ['AUTHENTICATION_FAILED', `the server wants a sign-in, and ${NO_CREDENTIALS}`],
  401: ['AUTHENTICATION_FAILED', NO_CREDENTIALS],
  404: ['REPOSITORY_NOT_FOUND', `check the URL; if the repository is private, ${NO_CREDENTIALS}`],
};

function meaning(status: number, push: boolean, waits: boolean): readonly [GitErrorCode, string] {
  // GitHub's secondary limits answer 403 with a Retry-After.
  if (status === 403 && waits) return ['RATE_LIMITED', 'too many requests; it is tried again later'];
  if (status === 403 && push) return ['READ_ONLY', 'the credentials may not push; give them write access to contents'];
  if (status >= 500) return ['SERVER_ERROR', 'the server reports an error of its own; it is tried again'];
  return MEANINGS[status] ?? ['FAILED', 'check that the URL is that of a Git repository'];
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3) as milliseconds from now, at most an hour. */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.min(3_600_000, Math.max(0, ms)) : undefined;
}

/** At most a few thousand characters of a body; never rejects. */
export async function beginning(answer: IncomingMessage): Promise<string> {
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
