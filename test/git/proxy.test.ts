// Proxies of the environment, and credentials that must not cross a network in the clear.

import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';

import { refusePlainHttp } from '../../src/git/remote.ts';
import { commitFiles } from '../support/git-repo.ts';
import { failureOf, makeWorld, never, openSource } from './world.ts';

afterEach(() => vi.unstubAllEnvs());

/** A forward proxy for http:// that leads every host to `target`. */
async function startProxy(target: string): Promise<{ readonly url: string; readonly hosts: readonly string[] }> {
  const hosts: string[] = [];
  const proxy = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '');
    hosts.push(url.host);
    const onward = request(new URL(url.pathname + url.search, target), {
      method: incoming.method ?? 'GET',
      headers: incoming.headers,
    });
    onward.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, hosts };
}

describe('the proxy of the environment', () => {
  it('is used, except for the hosts of NO_PROXY', async () => {
    const world = await makeWorld();
    const tip = commitFiles(world.repo, { a: '1' });
    const proxy = await startProxy(new URL(world.url).origin);
    vi.stubEnv('HTTP_PROXY', proxy.url);
    vi.stubEnv('http_proxy', proxy.url);
    const url = 'http://git.example.invalid/fleet.git';
    expect(await openSource({ ...world, url }).fetch('main', never)).toBe(tip);
    expect(new Set(proxy.hosts)).toEqual(new Set(['git.example.invalid']));

    vi.stubEnv('NO_PROXY', '127.0.0.1');
    vi.stubEnv('no_proxy', '127.0.0.1');
    const before = proxy.hosts.length;
    expect(await openSource(world).fetch('main', never)).toBe(tip);
    expect(proxy.hosts).toHaveLength(before);
  });
});

describe('credentials over plain HTTP', () => {
  const credentials = async () => ({ kind: 'token', token: 'top-secret' }) as const;

  it('are refused before anything is sent, unless the administrator allows them', async () => {
    const world = await makeWorld();
    const tip = commitFiles(world.repo, { a: '1' });
    const proxy = await startProxy(new URL(world.url).origin);
    vi.stubEnv('HTTP_PROXY', proxy.url);
    vi.stubEnv('http_proxy', proxy.url);
    const far = { ...world, url: 'http://git.example.invalid/fleet.git' };
    const error = await failureOf(openSource(far, { credentials }).fetch('main', never));
    expect(error).toMatchObject({ code: 'UNSUPPORTED_URL', retryable: false });
    expect(error.message).toContain('--git-allow-http');
    expect(proxy.hosts).toEqual([]);
    expect(await openSource(far, { credentials, allowHttp: true }).fetch('main', never)).toBe(tip);
  });

  it.each(['http://127.0.0.1:1/a', 'http://localhost/a', 'http://[::1]/a', 'https://git.example.com/a'])(
    'may be sent to %s',
    (url) => {
      expect(() => refusePlainHttp(new URL(url))).not.toThrow();
    },
  );

  it.each(['http://127.0.0.1.example.com/a', 'http://10.0.0.1/a', 'http://localhost.example.com/a'])(
    'may not be sent to %s',
    (url) => {
      expect(() => refusePlainHttp(new URL(url))).toThrow('--git-allow-http');
    },
  );
});
