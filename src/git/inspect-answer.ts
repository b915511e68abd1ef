// Checks the first bytes of an answer for what isomorphic-git would overlook: an ERR line, and a SHA-256 repository.

import { GitError } from './errors.ts';
import { nameHead } from './name-head.ts';

const LOOK_AT = 4096;

interface Host {
  readonly url: URL;
  readonly redact: (text: string) => string;
}

/** The same bytes; throws REMOTE_REFUSED or UNSUPPORTED_OBJECT_FORMAT before giving any. */
export async function* inspectStart(
  body: AsyncGenerator<Uint8Array, void, undefined>,
  host: Host,
): AsyncGenerator<Uint8Array, void, undefined> {
  const start: Uint8Array[] = [];
  let length = 0;
  while (length < LOOK_AT) {
    const next = await body.next();
    if (next.done === true) break;
    start.push(next.value);
    length += next.value.length;
  }
  const head = Buffer.concat(start);
  refuse(head.subarray(0, LOOK_AT).toString('utf8'), host);
  yield nameHead(head);
  yield* body;
}

function refuse(text: string, { url, redact }: Host): void {
  const error = /^(?:[0-9a-f]{4}# service=[^\n]*\n0000)?[0-9a-f]{4}ERR ([^\n]*)/.exec(text);
  if (error !== null)
    throw new GitError('REMOTE_REFUSED', `${url.host} refused: ${redact(error[1] ?? '')}; see the server's log`);
  // Only capability lines of an advertisement name the format; file contents are compressed.
  if (/^[0-9a-f]{4}(# service|version 2)[^]*object-format=sha256/.test(text))
    throw new GitError(
      'UNSUPPORTED_OBJECT_FORMAT',
      `${url.host}${url.pathname} stores SHA-256 objects; only SHA-1 repositories are supported: convert it or use another`,
    );
}
