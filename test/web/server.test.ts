// The web server over real HTTP.

import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { createHealth } from '../../src/web/health.ts';
import { createMetrics } from '../../src/web/metrics.ts';
import { startWeb, type WebOptions, type WebServer } from '../../src/web/server.ts';

const open: WebServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const metrics = createMetrics({ version: '0.1.0', now: () => 0, runtime: false });
const fine = { live: true, ready: true, reasons: [] };

async function start(parts: Partial<WebOptions> = {}): Promise<string> {
  const server = await startWeb({ host: '127.0.0.1', port: 0, health: () => fine, metrics, ...parts });
  open.push(server);
  return `http://127.0.0.1:${server.port}`;
}

describe('startWeb', () => {
  it.each([
    { because: 'lives', path: '/healthz', method: 'GET', status: 200, text: /^ok\n$/ },
    { because: 'is ready', path: '/readyz', method: 'GET', status: 200, text: /^ok\n$/ },
    { because: 'a query changes nothing', path: '/healthz?verbose', method: 'GET', status: 200, text: /ok/ },
    { because: 'has figures', path: '/metrics', method: 'GET', status: 200, text: /nodewright_build_info\{version="0.1.0"\} 1/ },
    { because: 'HEAD is GET without a body', path: '/metrics', method: 'HEAD', status: 200, text: /^$/ },
    { because: 'there are no other pages', path: '/', method: 'GET', status: 404, text: /\/healthz/ },
    { because: 'paths are not followed', path: '/metrics/../../etc/passwd', method: 'GET', status: 404, text: /\/healthz/ },
    { because: 'nothing can be posted', path: '/metrics', method: 'POST', status: 405, text: /only GET/ },
    { because: 'nothing can be deleted', path: '/healthz', method: 'DELETE', status: 405, text: /only GET/ },
  ])('$method $path: $because', async ({ path, method, status, text }) => {
    const response = await fetch(`${await start()}${path}`, { method });
    expect(response.status).toBe(status);
    expect(await response.text()).toMatch(text);
    expect(response.headers.get('cache-control')).toBe('no-store');
  }); // prettier-ignore

  it('reports why it is not ready, and stays live', async () => {
    const health = createHealth({ deadlines: { sync: 1_000 }, awaits: ['first sync'], startedAt: 0 });
    let now = 0;
    const base = await start({ health: () => health.state(now) });
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    const before = await fetch(`${base}/readyz`);
    expect([before.status, await before.text()]).toEqual([503, 'waiting for first sync\n']);
    health.arrived('first sync');
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
    now = 1_001;
    expect((await fetch(`${base}/healthz`)).status).toBe(503);
  });

  it('hides the text of an unexpected error', async () => {
    const broken = { contentType: 'text/plain', text: () => Promise.reject(new Error('token=hunter2')) };
    const response = await fetch(`${await start({ metrics: broken })}/metrics`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('hunter2');
  });

  it('answers with the content type of Prometheus', async () => {
    const response = await fetch(`${await start()}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  });

  it('rejects when the port is in use', async () => {
    const { port } = new URL(await start());
    await expect(startWeb({ host: '127.0.0.1', port: Number(port), health: () => fine, metrics })).rejects.toThrow(
      /EADDRINUSE/,
    );
  });

  it('closes although a client keeps its connection open', async () => {
    const server = await startWeb({ host: '127.0.0.1', port: 0, health: () => fine, metrics });
    const hanging = request({ port: server.port, host: '127.0.0.1', path: '/healthz', method: 'POST' });
    const dropped = Promise.withResolvers<undefined>();
    hanging.on('error', () => dropped.resolve(undefined)).on('close', () => dropped.resolve(undefined));
    hanging.write('x');
    await server.close();
    await dropped.promise;
    await expect(fetch(`http://127.0.0.1:${server.port}/healthz`)).rejects.toThrow(/fetch failed/);
  });

  it('answers only probes without metrics', async () => {
    const base = await start({ metrics: undefined });
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    expect((await fetch(`${base}/metrics`)).status).toBe(404);
  });

  it('answers probes while 70 idle connections are open', async () => {
    const base = await start();
    const idle = await Promise.all(
      Array.from({ length: 70 }, async () => {
        const socket = connect(Number(new URL(base).port), '127.0.0.1');
        socket.on('error', () => undefined);
        await once(socket, 'connect');
        return socket;
      }),
    );
    try {
      expect((await fetch(`${base}/healthz`)).status).toBe(200);
      expect((await fetch(`${base}/readyz`)).status).toBe(200);
    } finally {
      for (const socket of idle) socket.destroy();
    }
  });
});
