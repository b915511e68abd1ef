// One request to the API server with nothing around it: no retries, no slots, no checks but for success.

import { request } from 'undici';

import type { Transport } from '../../src/kube/transport.ts';

export interface RawRequest {
  readonly method: 'GET' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly contentType?: string;
  readonly body?: unknown;
}

/** The answer's text. Throws when the server refuses. */
export async function send(transport: Transport, { method, path, contentType, body }: RawRequest): Promise<string> {
  const { server, headers, requests } = await transport.connection();
  const answer = await request(server + path, {
    method,
    headers: { ...headers, ...(contentType === undefined ? {} : { 'content-type': contentType }) },
    dispatcher: requests,
    headersTimeout: 30_000,
    bodyTimeout: 30_000,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`${method} ${path}: HTTP ${answer.statusCode} ${text.slice(0, 300)}`);
  return text;
}
