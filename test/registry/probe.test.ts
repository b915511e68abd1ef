// Asking a registry for an image: what is there, who may read it, and what is not believed.

import { generateKeyPairSync, sign } from 'node:crypto';

import { describe, expect, it, onTestFinished } from 'vitest';

import { requireSignature, readPublicKey } from '../../src/registry/cosign.ts';
import type { RegistryCredentials } from '../../src/registry/docker-config.ts';
import { probeImage } from '../../src/registry/probe.ts';
import { openRegistry, type Registry } from '../../src/registry/registry.ts';
import { putImage, putIndex, type RegistryBehaviour, startRegistry, type TestRegistry } from './server.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };
const USER = { username: 'puller', password: 'a-password' };

async function start(behaviour?: RegistryBehaviour): Promise<TestRegistry> {
  const server = await startRegistry(behaviour);
  onTestFinished(async () => await server.close());
  return server;
}

function open({ host }: TestRegistry, credentials?: RegistryCredentials, allowHttp = true): Registry {
  const signal = new AbortController().signal;
  const registry = openRegistry({ repository: `${host}/a`, credentials, ca: undefined, allowHttp, signal });
  onTestFinished(() => registry.close());
  return registry;
}

describe('an image', () => {
  it('is found by its tag and by its digest, with its labels', async () => {
    const server = await start();
    const digest = putImage(server, '1.2.3', { labels: { x: 'y' } });
    for (const reference of ['1.2.3', digest])
      expect(await probeImage(open(server), reference, AMD64)).toEqual({ digest, labels: { x: 'y' } });
  });

  it('is chosen from an index by the platform, and keeps the digest of the index', async () => {
    const server = await start();
    const digest = putIndex(server, '1', ['arm64', 'amd64']);
    expect(await probeImage(open(server), '1', AMD64)).toEqual({ digest, labels: { built: 'amd64' } });
  });

  it.each([
    { what: 'is missing', reference: '2', reason: 'UpgradeTagMissing', message: /no 2 in the repository/ },
    {
      what: 'is for another platform',
      reference: 'arm',
      reason: 'UpgradePlatformMissing',
      message: /not built for linux\/amd64; it has linux\/arm64/,
    },
    {
      what: 'has an index without the platform',
      reference: 'index',
      reason: 'UpgradePlatformMissing',
      message: /it has linux\/arm64, linux\/s390x/,
    },
    {
      what: 'has a manifest of an unknown kind',
      reference: 'odd',
      reason: 'UpgradeRegistryFailed',
      message: /cannot be read/,
    },
  ])('$what', async ({ reference, reason, message }) => {
    const server = await start();
    putImage(server, 'arm', { architecture: 'arm64' });
    putIndex(server, 'index', ['arm64', 's390x']);
    server.put('a', 'odd', { schemaVersion: 1 });
    await expect(probeImage(open(server), reference, AMD64)).rejects.toMatchObject({ reason, message: expect.stringMatching(message) }); // prettier-ignore
  });
});

describe('credentials', () => {
  it.each(['basic', 'bearer'] as const)('are sent when the registry asks for them: %s', async (scheme) => {
    const server = await start({ [scheme]: 'puller:a-password' });
    putImage(server, '1');
    expect((await probeImage(open(server, USER), '1', AMD64)).digest).toMatch(/^sha256:/);
    expect(server.requests[0]?.authorization).toBeUndefined();
  });

  it('are not needed for a token of a public repository', async () => {
    const server = await start({ bearer: '' });
    putImage(server, '1');
    expect((await probeImage(open(server), '1', AMD64)).digest).toMatch(/^sha256:/);
  });

  it.each([
    {
      scheme: 'basic',
      credentials: { ...USER, password: 'wrong' },
      message: /does not accept the credentials \(HTTP 401\)/,
    },
    {
      scheme: 'bearer',
      credentials: { ...USER, password: 'wrong' },
      message: /does not accept the credentials \(HTTP 401\)/,
    },
    { scheme: 'basic', credentials: undefined, message: /no pull Secret has them/ },
  ] as const)(
    'that are wrong or missing are refused, and the message holds none: $scheme',
    async ({ scheme, credentials, message }) => {
      const server = await start({ [scheme]: 'puller:a-password' });
      putImage(server, '1');
      const failed = await probeImage(open(server, credentials), '1', AMD64).catch((error: unknown) => error);
      expect(failed).toMatchObject({ reason: 'UpgradeRegistryDenied', message: expect.stringMatching(message) });
      expect(String(failed)).not.toContain('wrong');
    },
  );

  it('do not follow a redirect to another host', async () => {
    const storage = await start();
    const server = await start({
      answer(request, response) {
        if (request.url?.includes('/blobs/') !== true || request.headers.authorization === undefined) return false;
        response.writeHead(307, { location: `http://${storage.host}${request.url}` }).end();
        return true;
      },
      basic: 'puller:a-password',
    });
    putImage(server, '1', { labels: { x: 'y' } });
    putImage(storage, '1', { labels: { x: 'y' } });
    expect((await probeImage(open(server, USER), '1', AMD64)).labels).toEqual({ x: 'y' });
    expect(storage.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
  });
});

describe('what is not believed', () => {
  it('a manifest or a blob of another digest', async () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const server = await start({
      answer: (_request, response) => {
        response.writeHead(200).end('{}');
        return true;
      },
    });
    await expect(open(server).manifest(digest)).rejects.toThrow(/another digest/);
    await expect(open(server).blob(digest, 1000)).rejects.toThrow(/another digest/);
  });

  it('an answer without an end, redirects without an end, and a server that asks again and again', async () => {
    const endless = await start({
      answer: (_request, response) => {
        response.writeHead(200);
        const write = (): void => void response.write('x'.repeat(65_536), () => write());
        write();
        return true;
      },
    });
    await expect(open(endless).manifest('1')).rejects.toThrow(/sent more than \d+ bytes/);
    const circle = await start({
      answer: (request, response) => {
        response.writeHead(302, { location: request.url ?? '' }).end();
        return true;
      },
    });
    await expect(open(circle).manifest('1')).rejects.toThrow(/redirects to where it cannot be followed/);
    expect(circle.requests.length).toBeLessThan(6);
  });

  it('plain HTTP, where it is not allowed: nothing is sent', async () => {
    const server = await start();
    await expect(open(server, USER, false).manifest('1')).rejects.toMatchObject({ reason: 'UpgradeRegistryFailed' });
    expect(server.requests).toEqual([]);
  });
});

describe('a signature', () => {
  const KEYS = {
    'ECDSA P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    Ed25519: generateKeyPairSync('ed25519'),
  };
  const other = generateKeyPairSync('ed25519');
  type Key = (typeof KEYS)[keyof typeof KEYS];

  type Signing = Pick<Key, 'privateKey'> & { readonly signed?: string };

  function pemOf({ publicKey }: Key): string {
    return publicKey.export({ type: 'spki', format: 'pem' }).toString();
  }

  /** As `cosign sign --key` stores it. */
  function putSignature(server: TestRegistry, digest: string, { privateKey, signed = digest }: Signing): void {
    const payload = JSON.stringify({
      critical: {
        identity: { 'docker-reference': `${server.host}/a` },
        image: { 'docker-manifest-digest': signed },
        type: 'cosign container image signature',
      },
      optional: null,
    });
    const algorithm = privateKey.asymmetricKeyType === 'ec' ? 'sha256' : null;
    const signature = sign(algorithm, Buffer.from(payload), privateKey).toString('base64');
    server.put('a', `${digest.replace(':', '-')}.sig`, {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      layers: [
        {
          mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
          digest: server.blob(payload),
          annotations: { 'dev.cosignproject.cosign/signature': signature },
        },
      ],
    });
  }

  it.each(Object.entries(KEYS))('by the configured key is accepted: %s', async (_, pair) => {
    const server = await start();
    const digest = putImage(server, '1');
    putSignature(server, digest, pair);
    await expect(requireSignature(open(server), digest, readPublicKey(pemOf(pair)))).resolves.toBeUndefined();
  });

  it.each([
    ['is absent', () => undefined, /is not signed/],
    ['is by another key', (server: TestRegistry, digest: string) => putSignature(server, digest, other), /none of 1/],
    [
      'is over another image',
      (server: TestRegistry, digest: string) =>
        putSignature(server, digest, { privateKey: KEYS.Ed25519.privateKey, signed: `sha256:${'1'.repeat(64)}` }),
      /none of 1/,
    ],
  ] as const)('%s: the image is refused', async (_what, put, message) => {
    const server = await start();
    const digest = putImage(server, '1');
    put(server, digest);
    const key = readPublicKey(pemOf(KEYS.Ed25519));
    await expect(requireSignature(open(server), digest, key)).rejects.toMatchObject({
      reason: 'UpgradeSignatureRefused',
      message: expect.stringMatching(message),
    });
  });

  it('needs a public key of a known kind', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' });
    expect(() => readPublicKey(rsa.toString())).toThrow(/ECDSA P-256 or Ed25519/);
    const secret = other.privateKey.export({ type: 'pkcs8', format: 'pem' });
    expect(() => readPublicKey(secret.toString())).toThrow(/public key/);
    expect(() => readPublicKey('x')).toThrow(/not a public key in PEM/);
  });
});
