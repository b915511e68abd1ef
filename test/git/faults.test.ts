// Broken transfers: each ends in a clear code, changes nothing that was there, and the next good fetch succeeds.

import { describe, expect, it } from 'vitest';

import type { GitErrorCode } from '../../src/lib/error-codes.ts';
import { commitFiles } from '../support/git-repo.ts';
import type { Fault } from '../support/git-faults.ts';
import type { SeenRequest } from '../support/git-exchange.ts';
import { failureOf, makeWorld, never, openSource, temporaryFolder, textsOf } from './world.ts';

const isPack = (request: SeenRequest): boolean => request.method === 'POST' && request.received === 0;

interface Row {
  readonly because: string;
  readonly fault: Fault;
  readonly code: GitErrorCode;
  readonly says?: RegExp;
}

const transfer: readonly Row[] = [
  { because: 'the socket is cut in the middle of the pack', fault: { do: 'cut', after: 900 }, code: 'TRANSFER_INCOMPLETE' },
  { because: 'the body ends inside a pkt-line', fault: { do: 'truncate', after: 1500 }, code: 'TRANSFER_INCOMPLETE' },
  { because: 'the body ends after the NAK, no pack at all', fault: { do: 'truncate', after: 8 }, code: 'TRANSFER_INCOMPLETE' },
  { because: 'the body ends on a pkt-line boundary', fault: { do: 'truncate-on-boundary', lines: 1 }, code: 'TRANSFER_INCOMPLETE' },
  { because: 'one bit of the pack is flipped', fault: { do: 'flip', fromEnd: 400 }, code: 'TRANSFER_INCOMPLETE' },
  { because: 'one bit of the checksum is flipped', fault: { do: 'flip', fromEnd: 10 }, code: 'TRANSFER_INCOMPLETE' },
  {
    because: 'the server fails in side-band 3',
    fault: { do: 'sideband-fatal', message: 'upload-pack: out of memory' },
    code: 'TRANSFER_INCOMPLETE',
    says: /out of memory/,
  },
  { because: 'the server answers with an ERR line', fault: { do: 'err', message: 'quota used up' }, code: 'REMOTE_REFUSED', says: /quota used up/ },
  { because: 'the body never comes', fault: { do: 'stall' }, code: 'TIMEOUT', says: /sent nothing for 300 ms/ },
  { because: 'the body stops coming', fault: { do: 'stall-body', after: 500 }, code: 'TIMEOUT' },
  { because: 'the body comes one byte at a time', fault: { do: 'drip', everyMs: 20 }, code: 'TIMEOUT', says: /within 1500 ms/ },
  { because: 'the body never ends', fault: { do: 'endless' }, code: 'TOO_LARGE', says: /2000000 bytes/ },
]; // prettier-ignore

const limits = { idleTimeoutMs: 300, operationTimeoutMs: 1500, maxFetchBytes: 2_000_000 };

describe('a broken transfer', () => {
  it.each(transfer)('$because: first fetch', async ({ fault, code, says }) => {
    const world = await makeWorld();
    const tip = commitFiles(world.repo, incompressible(3));
    const source = openSource(world, { limits });
    world.server.fault = (request) => (isPack(request) && isFetch(world.server.requests) ? fault : 'pass');
    const error = await failureOf(source.fetch('main', never));
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(says ?? /./);
    expect(await failureOf(source.list(tip))).toMatchObject({ code: 'OBJECT_MISSING' });

    world.server.fault = undefined;
    expect(await source.fetch('main', never)).toBe(tip);
    expect(Object.keys(await textsOf(source, tip))).toHaveLength(3);
  });

  it.each(transfer)('$because: later fetch, also seen by the next process', async ({ fault, code }) => {
    const world = await makeWorld();
    const first = commitFiles(world.repo, incompressible(3));
    const directory = temporaryFolder();
    const source = openSource(world, { directory, limits });
    await source.fetch('main', never);
    const before = await textsOf(source, first);
    const second = commitFiles(world.repo, { 'nodes/new.yaml': noise(29_000) });

    world.server.fault = (request) => (isPack(request) && isFetch(world.server.requests) ? fault : 'pass');
    expect(await failureOf(source.fetch('main', never))).toMatchObject({ code });
    expect(await textsOf(source, first)).toEqual(before);
    await source.close();

    world.server.fault = undefined;
    const next = openSource(world, { directory, limits });
    expect(await textsOf(next, first)).toEqual(before);
    expect(await next.fetch('main', never)).toBe(second);
    expect(Object.keys(await textsOf(next, second))).toHaveLength(4);
    expect(await next.ancestry(first, second, never)).toBe('forward');
  });
});

const statuses: readonly { status: number; headers?: Record<string, string>; code: GitErrorCode; retryable: boolean; because: string }[] = [
  { because: 'unknown credentials', status: 401, code: 'AUTHENTICATION_FAILED', retryable: false },
  { because: 'no permission', status: 403, code: 'ACCESS_DENIED', retryable: false },
  { because: 'no such repository', status: 404, code: 'REPOSITORY_NOT_FOUND', retryable: false },
  { because: 'too many requests', status: 429, headers: { 'retry-after': '7' }, code: 'RATE_LIMITED', retryable: true },
  { because: 'secondary rate limit as GitHub sends it', status: 403, headers: { 'retry-after': '7' }, code: 'RATE_LIMITED', retryable: true },
  { because: 'a crash', status: 500, code: 'SERVER_ERROR', retryable: true },
  { because: 'maintenance', status: 503, headers: { 'retry-after': '7' }, code: 'SERVER_ERROR', retryable: true },
]; // prettier-ignore

describe('a status other than 200', () => {
  it.each(statuses)('$status $because', async ({ status, headers = {}, code, retryable }) => {
    const world = await makeWorld();
    commitFiles(world.repo, { a: '1' });
    world.server.fault = () => ({ do: 'status', status, headers, body: 'because\u001b[31m of that\r\nForged: line' });
    const error = await failureOf(openSource(world).resolve('main', never));
    expect(error).toMatchObject({ code, retryable, retryAfterMs: 'retry-after' in headers ? 7000 : undefined });
    expect(error.message).toContain('because [31m of that Forged: line');
    expect(error.message).not.toMatch(/[\u0000-\u001f]/);
  });

  it.each([203, 401, 404])('%s without credentials says how to give them, and with them does not', async (status) => {
    const world = await makeWorld();
    world.server.fault = () => ({ do: 'status', status });
    const credentials = async () => ({ kind: 'token', token: 'old' }) as const;
    const [without, wrong] = [openSource(world), openSource(world, { credentials })];
    expect((await failureOf(without.resolve('main', never))).message).toContain('NODEWRIGHT_GIT_TOKEN');
    expect((await failureOf(wrong.resolve('main', never))).message).not.toContain('NODEWRIGHT_GIT_TOKEN');
  });

  it('says so when the answer is a web page', async () => {
    const world = await makeWorld();
    world.server.fault = () => ({
      do: 'status',
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: '<html>',
    });
    expect(await failureOf(openSource(world).resolve('main', never))).toMatchObject({ code: 'NOT_A_GIT_SERVER' });
  });
});

describe('a redirect', () => {
  it('to another port gets no credentials and is refused', async () => {
    const world = await makeWorld();
    const other = await makeWorld();
    commitFiles(other.repo, { a: '1' });
    world.server.fault = () => ({ do: 'redirect', to: `${other.url}/info/refs?service=git-upload-pack` });
    const credentials = async () => ({ kind: 'token', token: 'top-secret' }) as const;
    const error = await failureOf(openSource(world, { credentials }).resolve('main', never));
    expect(error.code).toBe('REDIRECT_REFUSED');
    expect(error.message).toContain(other.url);
    expect(other.server.requests).toEqual([]);
  });

  it('on the same origin is followed, and the POST goes to the new place', async () => {
    const world = await makeWorld();
    const tip = commitFiles(world.repo, { a: '1' });
    world.server.fault = ({ url }) =>
      url.startsWith('/old') ? { do: 'redirect', to: url.replace('/old', '/fleet.git'), status: 301 } : 'pass';
    const source = openSource(world, { url: world.server.url('old') });
    expect(await source.fetch('main', never)).toBe(tip);
  });

  it('of a POST is refused', async () => {
    const world = await makeWorld();
    commitFiles(world.repo, { a: '1' });
    world.server.fault = ({ method }) => (method === 'POST' ? { do: 'redirect', to: '/x', status: 307 } : 'pass');
    expect(await failureOf(openSource(world).resolve('main', never))).toMatchObject({ code: 'REDIRECT_REFUSED' });
  });

  it('in a circle ends', async () => {
    const world = await makeWorld();
    world.server.fault = ({ url }) => ({ do: 'redirect', to: url });
    expect(await failureOf(openSource(world).resolve('main', never))).toMatchObject({ code: 'REDIRECT_REFUSED' });
  });
});

it('a cancelled fetch ends at once with CANCELLED', async () => {
  const world = await makeWorld();
  commitFiles(world.repo, { a: '1' });
  const abort = new AbortController();
  world.server.fault = () => {
    queueMicrotask(() => abort.abort());
    return { do: 'stall' };
  };
  expect(await failureOf(openSource(world).fetch('main', abort.signal))).toMatchObject({ code: 'CANCELLED' });
});

it('a refused connection is NETWORK_FAILED', async () => {
  const world = await makeWorld();
  const source = openSource(world);
  await world.server.close();
  expect(await failureOf(source.resolve('main', never))).toMatchObject({ code: 'NETWORK_FAILED', retryable: true });
});

/** Only the fetch itself, not the ls-refs before it: a fetch follows a GET without protocol version 2. */
function isFetch(requests: readonly SeenRequest[]): boolean {
  return requests.filter(({ method }) => method === 'GET').length % 2 === 0;
}

function incompressible(files: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: files }, (_, i) => [`nodes/n${i}.yaml`, noise(30_000 + i)]));
}

/** Text that does not compress, the same for the same length, so that packs have the size that the faults need. */
function noise(length: number): string {
  let state = length;
  let text = '';
  while (text.length < length) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    text += state.toString(36);
  }
  return text.slice(0, length);
}
