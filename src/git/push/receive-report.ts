// The answer of git-receive-pack (gitprotocol-pack): packet lines in packet lines.

import { GitError, oneLine } from '../errors.ts';

export interface ReceiveReport {
  /** Empty when the objects were taken, else why not. */
  readonly unpack: string;
  /** By ref; empty for one that was updated, else why not. */
  readonly refs: ReadonlyMap<string, string>;
  /** What hooks and the server said, at most `MAX_LINES` lines. */
  readonly said: readonly string[];
}

/** A server may say anything; the transport limits the bytes of the answer. */
const MAX_LINES = 50;

/** Throws TRANSFER_INCOMPLETE when the report is missing or cut, and FAILED with the server's last words. */
export async function readReport(
  body: AsyncIterable<Uint8Array>,
  { isBanded, redact }: { readonly isBanded: boolean; readonly redact: (text: string) => string },
): Promise<ReceiveReport> {
  const answer = await collect(body);
  const { report, said } = isBanded ? splitBands(answer, redact) : { report: answer, said: [] };
  const lines = [...packetLines(report)].map((line) => line.toString('utf8').replace(/\n$/, ''));
  const [, unpack] = /^unpack (.*)$/s.exec(lines[0] ?? '') ?? [];
  if (unpack === undefined)
    throw new GitError('TRANSFER_INCOMPLETE', 'The server did not report whether it took the push');
  const refs = lines.slice(1).flatMap((line) => {
    const [, result, ref = '', reason = ''] = /^(ok|ng) (\S+) ?(.*)$/s.exec(line) ?? [];
    if (result === undefined) return [];
    return [[ref, result === 'ok' ? '' : reason || 'refused'] as const];
  });
  return { unpack: unpack === 'ok' ? '' : unpack, refs: new Map(refs), said };
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const REPORT = 1;
const PROGRESS = 2;

/** Side-bands: the first byte of each line says what it carries. */
function splitBands(
  answer: Buffer,
  redact: (text: string) => string,
): { readonly report: Buffer; readonly said: readonly string[] } {
  const report: Buffer[] = [];
  const words: Buffer[] = [];
  for (const line of packetLines(answer)) {
    const content = line.subarray(1);
    if (line[0] === REPORT) report.push(content);
    else if (line[0] === PROGRESS) words.push(content);
    else throw new GitError('FAILED', `The server ended the push: ${oneLine(redact(content.toString('utf8')))}`);
  }
  const lines = Buffer.concat(words).toString('utf8').split(/[\r\n]+/); // prettier-ignore
  const said = lines.filter((line) => line !== '').map((line) => line.slice(0, 1000));
  return { report: Buffer.concat(report), said: said.slice(0, MAX_LINES) };
}

/** Four hexadecimal digits of the length, themselves included; lengths below 4 separate. */
function* packetLines(bytes: Buffer): Generator<Buffer> {
  let at = 0;
  while (at < bytes.length) {
    const digits = bytes.toString('latin1', at, at + 4);
    const length = /^[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
    if (!(at + length <= bytes.length))
      throw new GitError('TRANSFER_INCOMPLETE', 'The answer to the push ends inside a line');
    if (length > 4) yield bytes.subarray(at + 4, at + length);
    at += Math.max(4, length);
  }
}
