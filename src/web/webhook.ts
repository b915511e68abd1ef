// The receiver of webhooks: a push to the repository asks for a sync at once. It listens apart from health and metrics,
// because it is the one address that others on the internet may reach.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { closeServer, LIMITS, limitConnections, listenOn, type WebServer } from './server.ts';

export interface WebhookOptions {
  readonly host: string;
  /** 0 selects a free port. */
  readonly port: number;
  /** Read for each request, because mounted Secrets rotate. */
  readonly secret: () => Promise<string>;
  /** A request with the secret arrived. Which event it is does not matter: a sync looks at the branch itself. */
  readonly onPush: () => void;
}

export const WEBHOOK_PATH = '/webhook';

/** Forges send the whole push; nothing of it is kept. GitHub sends at most 25 MB. */
const MAX_BODY_BYTES = 25 * 1024 * 1024;

export async function startWebhook(options: WebhookOptions): Promise<WebServer> {
  const server = createServer(LIMITS);
  limitConnections(server);
  server.on('request', (request, response) => void respond(options, request, response));
  return { port: await listenOn(server, options), close: () => closeServer(server) };
}

async function respond(options: WebhookOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const status = await judge(options, request).catch(() => 500);
  if (status === 202) options.onPush();
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 405 ? { allow: 'POST' } : {}),
    ...(status === 202 ? {} : { connection: 'close' }),
  });
  response.end(`${ANSWERS[status] ?? 'error'}\n`);
}

const ANSWERS: Readonly<Record<number, string>> = {
  202: 'a sync is requested',
  401: 'the request does not carry the secret of this webhook',
  404: `the webhook is ${WEBHOOK_PATH}`,
  405: 'only POST',
  413: 'the body is too large',
};

async function judge({ secret }: WebhookOptions, request: IncomingMessage): Promise<number> {
  if (request.url?.split('?', 1)[0] !== WEBHOOK_PATH) return 404;
  if (request.method !== 'POST') return 405;
  const key = await secret();
  const token = headerOf(request, 'x-gitlab-token');
  if (token !== undefined) return isSame(token, key) ? 202 : 401;
  const signature = signatureOf(request);
  if (signature === undefined || key === '') return 401;
  const digest = await digestOf(request, key);
  if (digest === undefined) return 413;
  return isSame(signature, digest) ? 202 : 401;
}

/** GitHub and Forgejo: `sha256=…`; Gitea: the digits alone. */
function signatureOf(request: IncomingMessage): string | undefined {
  const hub = headerOf(request, 'x-hub-signature-256');
  if (hub !== undefined) return hub.startsWith('sha256=') ? hub.slice('sha256='.length) : undefined;
  return headerOf(request, 'x-gitea-signature');
}

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

async function digestOf(request: IncomingMessage, key: string): Promise<string | undefined> {
  const hmac = createHmac('sha256', key);
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    hmac.update(chunk);
  }
  return hmac.digest('hex');
}

/** In a time that says nothing of where they differ. */
function isSame(given: string, expected: string): boolean {
  const [left, right] = [given, expected].map((text) => createHmac('sha256', 'compare').update(text).digest());
  return expected !== '' && left !== undefined && right !== undefined && timingSafeEqual(left, right);
}
