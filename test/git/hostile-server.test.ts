// Servers that send without end what isomorphic-git keeps in memory: each kind of answer ends at a limit of its own.

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import type { SeenRequest } from '../support/git-exchange.ts';
import type { Fault } from '../support/git-faults.ts';
import { commitFiles } from '../support/git-repo.ts';
import type { FleetReport } from './hostile/read-fleet.ts';
import { failureOf, makeWorld, never, openSource, openStatus, page, temporaryFolder, type World } from './world.ts';

const MEGABYTE = 1024 * 1024;
/** What the buffers of two sockets may hold when the reader is gone. */
const ON_THE_WAY = 8 * MEGABYTE;
/** Of memory, in megabytes: half of the chart's limit. A process that has nothing to read takes 135, and refs of usual length 75 more. */
const MAX_PEAK = 256;
const OID = 'a'.repeat(40);

interface Row {
  readonly because: string;
  /** Of the requests of one fetch, in the order GET, POST ls-refs, GET, POST fetch. */
  readonly at: (requests: readonly SeenRequest[]) => boolean;
  readonly first?: readonly string[];
  readonly lines: readonly string[];
  readonly limit: number;
  readonly says: string;
}

const REFS = { limit: 8 * MEGABYTE, says: 'of names of branches and tags; delete branches and tags' };
const MESSAGES = { limit: MEGABYTE, says: 'of messages besides the pack of a fetch; no repository needs so many' };
const nth = (number: number) => (requests: readonly SeenRequest[]) => requests.length === number;
const SERVICE = ['# service=git-upload-pack\n', ''];
const HEAD = `${OID} HEAD\0multi_ack side-band-64k ofs-delta\n`;

const rows: readonly Row[] = [
  { because: 'refs in an advertisement', at: nth(1), first: [...SERVICE, HEAD], lines: branches(), ...REFS },
  { because: 'capabilities', at: nth(1), first: [...SERVICE, 'version 2\n'], lines: many((at) => `a${at}=b\n`), ...REFS },
  { because: 'refs in the answer to ls-refs', at: nth(2), lines: branches(), ...REFS },
  { because: 'the shortest refs', at: nth(2), lines: many(() => 'abc def'), ...REFS },
  { because: 'lines of one character', at: nth(2), lines: many(() => 'a'), ...REFS },
  { because: 'short refs with everything that is kept of one', at: nth(2), lines: many((at) => `a b${at} peeled:c symref-target:d`), ...REFS },
  { because: 'separators between refs', at: nth(2), lines: many(() => ''), ...REFS },
  { because: 'short refs in an advertisement', at: nth(1), first: [...SERVICE, HEAD], lines: many((at) => `a ${at}`), ...REFS },
  { because: 'refs in the advertisement before a fetch', at: nth(3), first: [...SERVICE, HEAD], lines: branches(), ...REFS },
  { because: 'long progress messages', at: nth(4), first: ['NAK\n'], lines: [`\u0002${'p'.repeat(60_000)}`], ...MESSAGES },
  { because: 'short progress messages', at: nth(4), first: ['NAK\n'], lines: [`\u0002${'p\n'.repeat(30_000)}`], ...MESSAGES },
  { because: 'acknowledged commits', at: nth(4), first: ['NAK\n'], lines: many(() => `ACK ${OID} common\n`), ...MESSAGES },
  { because: 'acknowledged commits before the NAK', at: nth(4), lines: many(() => `ACK ${OID} common\n`), ...MESSAGES },
  { because: 'shallow commits', at: nth(4), lines: many(() => `shallow ${OID}`), ...MESSAGES },
  { because: 'lines of the pack without content', at: nth(4), first: ['NAK\n'], lines: many(() => '\u0001'), ...MESSAGES },
  { because: 'separators', at: nth(4), first: ['NAK\n'], lines: many(() => ''), ...MESSAGES },
]; // prettier-ignore

describe('a server that sends without end', () => {
  it.each(rows)('$because, is stopped in bounded memory', async ({ at, first = [], lines, limit, says }) => {
    const world = await makeWorld();
    commitFiles(world.repo, { 'fleet.yaml': 'a: 1\n' });
    world.server.fault = () => (at(world.server.requests) ? { do: 'flood', first, lines } : 'pass');
    const { error, message, peakBytes } = await readFleet(world.url);
    const host = new URL(world.url).host;
    expect({ error, message }).toMatchObject({ error: 'TOO_LARGE' });
    expect(message).toContain(`${host} sent more than ${limit} bytes ${says}`);
    expect(flooded(world, at)).toBeLessThan(limit + ON_THE_WAY);
    expect(peakBytes / MEGABYTE).toBeLessThan(MAX_PEAK);
  });

  it('a report on a push, is stopped, and the next push succeeds', async () => {
    const world = await makeWorld();
    const status = openStatus(world);
    await status.publish(page('a', { 'x.yaml': '1' }), never);
    const lines = [`\u0002${'no\n'.repeat(20_000)}`];
    world.server.fault = ({ service, method }) =>
      service === 'git-receive-pack' && method === 'POST' ? { do: 'flood', first: [], lines } : 'pass';
    const error = await failureOf(status.publish(page('a', { 'x.yaml': '2' }), never));
    expect(error).toMatchObject({ code: 'TOO_LARGE' });
    expect(error.message).toContain(`sent more than ${MEGABYTE} bytes of report on a push; check what the hooks`);
    expect(world.server.requests.at(-1)?.sent).toBeLessThan(MEGABYTE + ON_THE_WAY);
    world.server.fault = undefined;
    expect(await status.publish(page('a', { 'x.yaml': '3' }), never)).toMatchObject({ pushed: true });
  });

  it('the body of a redirect, which is followed at once', async () => {
    const world = await makeWorld();
    const tip = commitFiles(world.repo, { a: '1' });
    const body = 'x'.repeat(64 * MEGABYTE);
    world.server.fault = ({ url }): Fault =>
      url.startsWith('/old')
        ? { do: 'status', status: 301, headers: { location: url.replace('/old', '/fleet.git') }, body }
        : 'pass';
    const source = openSource(world, { url: world.server.url('old'), limits: { maxFetchBytes: MEGABYTE } });
    expect(await source.fetch('main', never)).toBe(tip);
  });

  it('refs to a reader of the status branch, which ends with the reason', async () => {
    const world = await makeWorld();
    world.server.fault = () => ({ do: 'flood', first: [...SERVICE, HEAD], lines: branches() });
    const main = join(import.meta.dirname, '../../src/cli/main.ts');
    const said = await promisify(execFile)(process.execPath, [main, 'status', '--from-repo', world.url]).then(
      () => 'success',
      (error: unknown) => String(error),
    );
    expect(said).toContain(`sent more than ${8 * MEGABYTE} bytes of names of branches and tags`);
    expect(flooded(world, () => true)).toBeLessThan(8 * MEGABYTE + ON_THE_WAY);
  });
});

it('thousands of branches and tags are fetched as before', async () => {
  const world = await makeWorld();
  const tip = commitFiles(world.repo, { a: '1' });
  const lines = many((at) => `${tip} refs/tags/release-of-a-long-name-${at}\n`);
  writeFileSync(
    join(world.repo, 'packed-refs'),
    ['# pack-refs with: peeled fully-peeled sorted \n', ...lines].join(''),
  );
  expect(await openSource(world).fetch('main', never)).toBe(tip);
});

function many(line: (at: string) => string): readonly string[] {
  return Array.from({ length: 5000 }, (_, at) => line(String(at).padStart(5, '0')));
}

function branches(): readonly string[] {
  return many((at) => `${OID} refs/heads/b${at}\n`);
}

function flooded({ server }: World, at: Row['at']): number {
  return server.requests.reduce((most, { sent }, index) => {
    return at(server.requests.slice(0, index + 1)) ? Math.max(most, sent) : most;
  }, 0);
}

async function readFleet(url: string): Promise<FleetReport> {
  const script = join(import.meta.dirname, 'hostile/read-fleet.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--max-old-space-size=256',
    script,
    url,
    temporaryFolder(),
    'once',
  ]);
  return JSON.parse(stdout);
}
