// What a forge does for the running controller: tokens of a GitHub App, which are renewed, and webhooks, which need no waiting.

import { createHmac, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { freePorts } from '../cluster/ports.ts';
import { testCluster } from '../support/cluster.ts';
import { tipOf } from '../support/git-repo.ts';
import { basic } from '../support/git-server.ts';
import { waitFor } from '../support/wait-for.ts';
import { BRANCH, type Fleet, startFleet } from './fleet.ts';
import { prepare, published } from './harness.ts';
import { type Process, startProcess } from './process.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
/** Its words are in no pattern of the redactor. */
const TOKENS = Array.from({ length: 200 }, (_, number) => `short-lived-word-${number}`);

let folder: string;
let fleet: Fleet;
let process: Process | undefined;
let forge: Server | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nodewright-forge-'));
  const { kubeconfigPath: kubeconfig } = await testCluster();
  // The user is the one of the options of `startProcess`.
  const accept = [...TOKENS, 'plain'].map((token) => basic('git', token));
  fleet = await startFleet({ kubeconfig, nodes: 1, git: { accept } });
  await prepare(fleet);
});
afterEach(async () => {
  await process?.cleanUp();
  forge?.close();
  await fleet.close();
  rmSync(folder, { recursive: true, force: true });
});

/** As https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app says; each token is over at once. */
async function startForge(): Promise<{ readonly url: string; readonly given: readonly string[] }> {
  const given: string[] = [];
  forge = createServer((request, response) => {
    const [header = '', payload = '', signature = ''] = (request.headers.authorization ?? '').slice(7).split('.');
    const key = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }));
    const isSigned = verify('RSA-SHA256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url')); // prettier-ignore
    const isAsked = request.method === 'POST' && request.url === '/app/installations/34/access_tokens';
    const token = TOKENS[given.length] ?? '';
    if (!isSigned || !isAsked) return void response.writeHead(401).end('{}');
    given.push(token);
    const body = { token, expires_at: new Date(Date.now() + 1000).toISOString() };
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => forge?.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(forge.address() as AddressInfo).port}`, given };
}

function secretFile(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

it('works with the tokens of a GitHub App, and shows none of them, not even when the Git server does', async () => {
  const { url, given } = await startForge();
  const key = secretFile('app.pem', privateKey.export({ type: 'pkcs1', format: 'pem' }).toString());
  const args = `--git-app-id 12 --git-app-installation-id 34 --git-app-key-file ${key} --git-app-api-url ${url}`;
  process = await startProcess(fleet, { args: [args] });
  await published(fleet, undefined, tipOf(fleet.repo, BRANCH) ?? '');
  await published(fleet, undefined, fleet.commit({ 'nodes/n1.yaml': fleet.nodeFile('n1') }));
  expect(given.length).toBeGreaterThan(2);

  fleet.server.fault = () => ({ do: 'status', status: 403, body: `no access for ${given.at(-1)}` });
  const log = await waitFor('the refusal is logged', async () => {
    const text = (await process?.log()) ?? '';
    return text.includes('Reconciliation failed') ? text : undefined;
  });
  fleet.server.fault = undefined;
  expect(log).toContain('no access for');
  expect(log).not.toContain('short-lived-word');
});

it('syncs at once when a webhook announces a push, and not for one without the secret', async () => {
  const [port = 0] = await freePorts(1, '127.0.0.1');
  const secret = secretFile('webhook', 'a-webhook-secret\n');
  const args = `--interval 1h --webhook-listen 127.0.0.1:${port} --webhook-secret-file ${secret}`;
  process = await startProcess(fleet, { password: 'plain', args: [args] });
  await published(fleet, undefined, tipOf(fleet.repo, BRANCH) ?? '');
  const commit = fleet.commit({ 'nodes/n1.yaml': fleet.nodeFile('n1') });
  const body = JSON.stringify({ ref: `refs/heads/${BRANCH}` });
  const announce = async (key: string): Promise<number> => {
    const headers = { 'x-hub-signature-256': `sha256=${createHmac('sha256', key).update(body).digest('hex')}` };
    return (await fetch(`http://127.0.0.1:${port}/webhook`, { method: 'POST', body, headers })).status;
  };
  fleet.server.requests.length = 0;
  expect(await announce('a-guess')).toBe(401);
  expect(fleet.server.requests).toEqual([]);
  expect(await announce('a-webhook-secret')).toBe(202);
  await published(fleet, undefined, commit);
  expect([...(await fleet.nodes()).keys()]).toContain('n1');
});
