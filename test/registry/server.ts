// A registry of images for tests, by the OCI distribution specification: what it holds, whom it lets in, how it misbehaves.

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestRegistry {
  /** `127.0.0.1:1234` */
  readonly host: string;
  /** Every request, as `GET /v2/a/manifests/1` and its Authorization header. */
  readonly requests: { readonly path: string; readonly authorization: string | undefined }[];
  /** Stores a document under its digest, and a tag. */
  put(path: string, tag: string | undefined, content: unknown): string;
  /** Stores bytes; gives their digest. */
  blob(bytes: string | Buffer): string;
  close(): Promise<void>;
}

export interface RegistryBehaviour {
  /** `user:password` that it asks for. */
  readonly basic?: string;
  /** The same, for a token. */
  readonly bearer?: string;
  /** Answers every request, in place of what it holds. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

const TOKEN = 'a-token';

export async function startRegistry(behaviour: RegistryBehaviour = {}): Promise<TestRegistry> {
  const held = new Map<string, Buffer>();
  const requests: TestRegistry['requests'] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const { authorization } = request.headers;
    requests.push({ path, authorization });
    if (behaviour.answer?.(request, response) === true) return;
    if (path.startsWith('/token')) return giveToken(response, authorization, behaviour);
    if (!isAllowed(authorization, behaviour)) return challenge(request, response, behaviour);
    const found = held.get(path);
    if (found === undefined) return void response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}');
    const type = (JSON.parse(isJson(found) ? found.toString() : '{}') as { readonly mediaType?: string }).mediaType;
    response.writeHead(200, { 'content-type': type ?? 'application/octet-stream' }).end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    requests,
    put(path, tag, content) {
      const bytes = Buffer.from(JSON.stringify(content));
      const digest = digestOf(bytes);
      held.set(`/v2/${path}/manifests/${digest}`, bytes);
      if (tag !== undefined) held.set(`/v2/${path}/manifests/${tag}`, bytes);
      return digest;
    },
    blob(bytes) {
      const digest = digestOf(Buffer.from(bytes));
      held.set(`/v2/a/blobs/${digest}`, Buffer.from(bytes));
      return digest;
    },
    close: async () =>
      await new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function isAllowed(authorization: string | undefined, { basic, bearer }: RegistryBehaviour): boolean {
  if (basic !== undefined) return authorization === basicOf(basic);
  return bearer === undefined || authorization === `Bearer ${TOKEN}`;
}

function challenge({ headers }: IncomingMessage, response: ServerResponse, { basic }: RegistryBehaviour): void {
  const bearer = `Bearer realm="http://${headers.host}/token",service="test",scope="repository:a:pull"`;
  response.writeHead(401, { 'www-authenticate': basic === undefined ? bearer : 'Basic realm="test"' }).end();
}

function giveToken(
  response: ServerResponse,
  authorization: string | undefined,
  { bearer = '' }: RegistryBehaviour,
): void {
  const isKnown = bearer === '' || authorization === basicOf(bearer);
  response.writeHead(isKnown ? 200 : 401).end(JSON.stringify({ token: TOKEN }));
}

function basicOf(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

function isJson(bytes: Buffer): boolean {
  return bytes[0] === 0x7b;
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';

/** An image for one platform; gives its digest. */
export function putImage(
  registry: TestRegistry,
  tag: string | undefined,
  { architecture = 'amd64', labels = {} }: { readonly architecture?: string; readonly labels?: object } = {},
): string {
  const config = registry.blob(JSON.stringify({ os: 'linux', architecture, config: { Labels: labels } }));
  const descriptor = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config, size: 1 };
  return registry.put('a', tag, { schemaVersion: 2, mediaType: MANIFEST, config: descriptor, layers: [] });
}

/** One tag for several platforms. */
export function putIndex(registry: TestRegistry, tag: string, architectures: readonly string[]): string {
  const manifests = architectures.map((architecture) => ({
    mediaType: MANIFEST,
    digest: putImage(registry, undefined, { architecture, labels: { built: architecture } }),
    size: 1,
    platform: { os: 'linux', architecture },
  }));
  return registry.put('a', tag, { schemaVersion: 2, mediaType: INDEX, manifests });
}
