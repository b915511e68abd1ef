// A real Git server on loopback: node:http in front of `git http-backend`, with request counts and injectable faults.

import { spawn, execFileSync } from 'node:child_process';
import { timingSafeEqual } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { answerWithFault, type Fault } from './git-faults.ts';
import type { CgiAnswer, SeenRequest } from './git-exchange.ts';
import { createBareRepo, GIT_ENVIRONMENT, type RepoOptions } from './git-repo.ts';

export interface GitServerOptions {
  /** Folder of the bare repositories; a temporary one, removed by `close`, when not given. */
  readonly root?: string;
  /** Where it listens: loopback, or a cluster's bridge address, which its pods reach. Default: 127.0.0.1. */
  readonly host?: string;
  /** 0 or nothing takes a free one. */
  readonly port?: number;
  /** `Authorization` values that are let in, for example `basic('x', 'secret')`; nothing lets everybody in. */
  readonly accept?: readonly string[];
  /** `Authorization` values that may read but not push (403 on a push). */
  readonly readOnly?: readonly string[];
  /** Serve HTTPS with this key and certificate (PEM). */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface GitServer {
  readonly port: number;
  /** Folder that holds the bare repositories. */
  readonly root: string;
  /** Every request since the start or since `requests.length = 0`. */
  readonly requests: SeenRequest[];
  /** Decides per request what goes wrong; undefined passes everything. May be changed at any time. */
  fault: ((request: SeenRequest) => Fault) | undefined;
  /** URL of a repository made by `createRepo`. */
  url(name: string): string;
  /** Makes an empty bare repository and gives its path, for the helpers in git-repo.ts. */
  createRepo(name: string, options?: RepoOptions): string;
  /** Ends every connection, and removes the folder when the server made it. */
  close(): Promise<void>;
}

/** `Authorization` header of a user and password. */
export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** Starts the server; resolves when it listens. */
export async function startGitServer(options: GitServerOptions = {}): Promise<GitServer> {
  const root = options.root ?? mkdtempSync(join(tmpdir(), 'git-server-'));
  const host = options.host ?? '127.0.0.1';
  const requests: SeenRequest[] = [];
  const listener = (req: IncomingMessage, res: ServerResponse): void => {
    serve(req, res).catch((error: unknown) => res.destroy(error instanceof Error ? error : undefined));
  };
  const http: Server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(options.port ?? 0, host, resolve);
  });
  const { port } = http.address() as AddressInfo;
  const scheme = options.tls === undefined ? 'http' : 'https';

  const server: GitServer = {
    port,
    root,
    requests,
    fault: undefined,
    url: (name) => `${scheme}://${host}:${port}/${name}`,
    createRepo: (name, repo) => createBareRepo(join(root, name), repo),
    close: async () => {
      http.closeAllConnections();
      await new Promise<void>((resolve) => http.close(() => resolve()));
      if (options.root === undefined) rmSync(root, { recursive: true, force: true });
    },
  };

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const seen = see(req);
    requests.push(seen);
    res.on('finish', () => Object.assign(seen, { status: res.statusCode, endedAt: performance.now() }));
    const fault = server.fault?.(seen) ?? 'pass';
    const refusal = refuse(seen, options);
    if (refusal !== undefined && fault === 'pass') {
      req.resume();
      res.writeHead(refusal, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
      return;
    }
    const run = async (): Promise<CgiAnswer> => runBackend(req, seen, root);
    await answerWithFault({ fault, res, run, seen });
  }
  return server;
}

function see(req: IncomingMessage): SeenRequest {
  const url = req.url ?? '/';
  const found = /git-(upload|receive)-pack/.exec(url)?.[0];
  const service = found === 'git-upload-pack' || found === 'git-receive-pack' ? found : 'other';
  const { authorization } = req.headers;
  const at = performance.now();
  return { method: req.method ?? 'GET', url, service, authorization, at, endedAt: 0, received: 0, sent: 0, status: 0 };
}

function refuse(seen: SeenRequest, options: GitServerOptions): number | undefined {
  const { accept, readOnly = [] } = options;
  if (accept === undefined && readOnly.length === 0) return undefined;
  if (accept?.some((value) => same(value, seen.authorization)) === true) return undefined;
  if (!readOnly.some((value) => same(value, seen.authorization))) return 401;
  return seen.service === 'git-receive-pack' ? 403 : undefined;
}

function same(a: string, b = ''): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const BACKEND = join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend');

/** Runs the CGI program for one request and collects what it says (RFC 3875: headers, blank line, body). */
async function runBackend(req: IncomingMessage, seen: SeenRequest, root: string): Promise<CgiAnswer> {
  const [path = '/', query = ''] = seen.url.split('?');
  const child = spawn(BACKEND, [], {
    env: {
      ...GIT_ENVIRONMENT,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(path),
      QUERY_STRING: query,
      REQUEST_METHOD: seen.method,
      CONTENT_TYPE: req.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: req.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(req.headers['git-protocol'] ?? ''),
      REMOTE_USER: 'tester',
      REMOTE_ADDR: '127.0.0.1',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => undefined); // the program may leave before it has read everything
  req.on('data', (chunk: Buffer) => (seen.received += chunk.length));
  req.pipe(child.stdin);
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) chunks.push(chunk);
  return parseCgi(Buffer.concat(chunks));
}

function parseCgi(output: Buffer): CgiAnswer {
  const end = output.indexOf('\r\n\r\n');
  if (end < 0) return { status: 500, headers: {}, body: output };
  const headers: Record<string, string> = {};
  for (const line of output.subarray(0, end).toString('latin1').split('\r\n')) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const { status = '200', ...rest } = headers;
  return { status: Number.parseInt(status, 10), headers: rest, body: output.subarray(end + 4) };
}
