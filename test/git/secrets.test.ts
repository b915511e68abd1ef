// No secret in any error, for every answer of the server, and none on disk.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import type { GitCredentials } from '../../src/git/remote.ts';
import { createGitSource } from '../../src/git/source.ts';
import { commitFiles, installHook } from '../support/git-repo.ts';
import type { SeenRequest } from '../support/git-exchange.ts';
import { basic } from '../support/git-server.ts';
import type { Fault } from '../support/git-faults.ts';
import { failureOf, makeWorld, never, openSource, openStatus, page, temporaryFolder } from './world.ts';

const TOKEN = 'ghs_s3cr3t/with+chars=';
const SENT = Buffer.from(`x-access-token:${TOKEN}`).toString('base64');
const credentials = async (): Promise<GitCredentials> => ({ kind: 'token', token: TOKEN });

const echo = `you sent ${TOKEN} and ${SENT} and ${encodeURIComponent(TOKEN)}`;
const faults: readonly Fault[] = [
  { do: 'status', status: 401, body: echo },
  { do: 'status', status: 403, body: echo },
  { do: 'status', status: 500, body: echo },
  { do: 'status', status: 200, body: echo },
  { do: 'err', message: echo },
  { do: 'sideband-fatal', message: echo },
  { do: 'redirect', to: `http://127.0.0.1:1/${TOKEN}` },
  { do: 'cut', after: 10 },
  { do: 'drop-answer' },
];

describe('a server that repeats what it was sent', () => {
  it.each(faults)('fault $do $status', async (fault) => {
    const world = await makeWorld();
    commitFiles(world.repo, { a: '1' });
    for (const only of ['GET', 'POST']) {
      world.server.fault = ({ method }: SeenRequest) => (method === only ? fault : 'pass');
      const source = openSource(world, { credentials });
      const status = openStatus(world, { credentials });
      expect(leaksOf(await failureOf(source.fetch('main', never)))).toEqual([]);
      expect(leaksOf(await failureOf(status.publish(page('a', { x: '1' }), never)))).toEqual([]);
    }
  });

  it('through a hook', async () => {
    const world = await makeWorld({ accept: [basic('x-access-token', TOKEN)] });
    installHook(world.repo, 'pre-receive', `echo '${echo}' >&2; exit 1`);
    const error = await failureOf(openStatus(world, { credentials }).publish(page('a', { x: '1' }), never));
    expect(error.code).toBe('PUSH_DECLINED');
    expect(error.message).toContain('you sent *** and ***');
    expect(leaksOf(error)).toEqual([]);
  });
});

it('nothing on disk holds the token', async () => {
  const world = await makeWorld({ accept: [basic('x-access-token', TOKEN)] });
  commitFiles(world.repo, { a: '1' });
  const directory = temporaryFolder();
  await openSource(world, { credentials, directory }).fetch('main', never);
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => join(directory, name));
  const texts = files.filter((path) => statSync(path).isFile()).map((path) => readFileSync(path, 'latin1'));
  expect(texts.length).toBeGreaterThan(3);
  for (const text of texts) for (const form of [TOKEN, SENT]) expect(text).not.toContain(form);
});

const urls: readonly { url: string; because: string }[] = [
  { url: `https://me:${TOKEN}@example.com/a.git`, because: 'a password in the URL would be stored and shown' },
  { url: `https://${TOKEN.replace('/', '')}@example.com/a.git`, because: 'a token as user' },
  { url: 'git@example.com:a/b.git', because: 'scp form means SSH' },
  { url: 'ssh://git@example.com/a.git', because: 'SSH' },
  { url: 'file:///srv/a.git', because: 'a local folder' },
  { url: '/srv/a.git', because: 'a path' },
  { url: 'ext::sh -c evil', because: 'a transport that runs commands' },
  { url: '--upload-pack=evil', because: 'an option' },
  { url: `https://example.com/a.git?token=${TOKEN}`, because: 'a secret in the query' },
  { url: 'https://', because: 'no host' },
];

it.each(urls)('the URL $url is refused: $because', ({ url }) => {
  let error: unknown;
  try {
    createGitSource({ url, directory: '/nonexistent' });
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: 'UNSUPPORTED_URL' });
  expect(leaksOf(error)).toEqual([]);
  expect(inspect(error, { depth: 8 })).not.toContain(TOKEN.replace('/', ''));
});

/** The forms of the token that any part of an error shows, causes and hidden members included. */
function leaksOf(error: unknown): readonly string[] {
  const shown = inspect(error, { depth: 12, showHidden: true, maxStringLength: null });
  return [TOKEN, SENT, encodeURIComponent(TOKEN)].filter((form) => shown.includes(form));
}
