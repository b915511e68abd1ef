// The receiver of webhooks over real HTTP: what each forge sends, and what must not request a sync.

import { createHmac } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import type { WebServer } from '../../src/web/server.ts';
import { startWebhook } from '../../src/web/webhook.ts';

const BODY = JSON.stringify({ ref: 'refs/heads/main' });
const digest = (key: string, body = BODY): string => createHmac('sha256', key).update(body).digest('hex');

let secret = 's3cret';
let pushes = 0;
let server: WebServer;

beforeAll(async () => {
  server = await startWebhook({
    host: '127.0.0.1',
    port: 0,
    secret: async () => await Promise.resolve(secret),
    onPush: () => void (pushes += 1),
  });
});
afterAll(async () => await server.close());
beforeEach(() => {
  pushes = 0;
  secret = 's3cret';
});

async function send(headers: Readonly<Record<string, string>>, init: RequestInit & { path?: string } = {}) {
  const { path = '/webhook', ...rest } = init;
  const url = `http://127.0.0.1:${server.port}${path}`;
  const response = await fetch(url, { method: 'POST', body: BODY, headers, ...rest });
  await response.text();
  return { status: response.status, pushes };
}

it.each([
  ['GitHub', { 'x-hub-signature-256': `sha256=${digest('s3cret')}` }],
  ['Gitea', { 'x-gitea-signature': digest('s3cret') }],
  ['GitLab', { 'x-gitlab-token': 's3cret' }],
])('a push from %s requests a sync', async (_, headers) => {
  expect(await send(headers)).toEqual({ status: 202, pushes: 1 });
});

it.each([
  ['no signature', {}],
  ['another secret', { 'x-hub-signature-256': `sha256=${digest('other')}` }],
  ['the signature of another body', { 'x-hub-signature-256': `sha256=${digest('s3cret', '{}')}` }],
  ['a digest that is too short', { 'x-hub-signature-256': 'sha256=ab' }],
  ['an older algorithm', { 'x-hub-signature-256': `sha1=${digest('s3cret')}` }],
  ['another token', { 'x-gitlab-token': 's3cre' }],
])('%s requests none', async (_, headers) => {
  expect(await send(headers)).toEqual({ status: 401, pushes: 0 });
});

it('an empty secret accepts nothing', async () => {
  secret = '';
  expect(await send({ 'x-hub-signature-256': `sha256=${digest('')}` })).toEqual({ status: 401, pushes: 0 });
  expect(await send({ 'x-gitlab-token': '' })).toEqual({ status: 401, pushes: 0 });
});

it('a secret that was rotated counts from the next request on', async () => {
  secret = 'next';
  expect((await send({ 'x-gitlab-token': 's3cret' })).status).toBe(401);
  expect((await send({ 'x-gitlab-token': 'next' })).status).toBe(202);
});

it('answers nothing else', async () => {
  const token = { 'x-gitlab-token': 's3cret' };
  expect(await send(token, { path: '/metrics' })).toEqual({ status: 404, pushes: 0 });
  expect(await send(token, { method: 'GET', body: null })).toEqual({ status: 405, pushes: 0 });
});

it('refuses a body that is too large without keeping it', async () => {
  const body = Buffer.alloc(26 * 1024 * 1024);
  const sent = send({ 'x-gitea-signature': 'a'.repeat(64) }, { body }).catch(() => undefined);
  expect([413, undefined]).toContain((await sent)?.status);
  expect(pushes).toBe(0);
});
