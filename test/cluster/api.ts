// The few requests a cluster needs while it is being set up: readiness, and objects that must be there.

import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';

import { keyPair } from './certificates.ts';
import type { ClusterState } from './state.ts';
import { SetupError } from './setup-error.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Whether the API server says of itself that it is ready, including its built-in roles and priority classes. */
export async function isReady(state: ClusterState): Promise<boolean> {
  try {
    return (await ask(state, { method: 'GET', path: '/readyz' })).status === 200;
  } catch {
    return false;
  }
}

/** The object at `path`, or undefined when there is none. */
export async function getObject<T>(state: ClusterState, path: string): Promise<T | undefined> {
  const answer = await ask(state, { method: 'GET', path });
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw failure('GET', path, answer);
  return JSON.parse(answer.body) as T;
}

/** Creates or updates the object at `path` by server-side apply. */
export async function applyObject(state: ClusterState, path: string, object: object): Promise<void> {
  const query = `${path}?fieldManager=nodewright-test-cluster&force=true`;
  const answer = await ask(state, { method: 'PATCH', path: query, body: JSON.stringify(object) });
  if (answer.status !== 200 && answer.status !== 201) throw failure('PATCH', path, answer);
}

function failure(method: string, path: string, answer: Answer): SetupError {
  return new SetupError('API_REQUEST_FAILED', `${method} ${path}: HTTP ${answer.status} ${answer.body.slice(0, 500)}`);
}

interface Question {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

function ask(state: ClusterState, { method, path, body }: Question): Promise<Answer> {
  const admin = keyPair(state, 'admin');
  const agent = new Agent({
    ca: readFileSync(keyPair(state, 'ca').certificate),
    cert: readFileSync(admin.certificate),
    key: readFileSync(admin.key),
  });
  const headers = body === undefined ? {} : { 'content-type': 'application/apply-patch+yaml' };
  const options = { host: state.address, port: state.ports.apiServer, path, method, headers, agent, timeout: 10_000 };
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      response.on('error', reject);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in 10 s')));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
