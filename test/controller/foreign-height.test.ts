// A node of another tool is asked for its height where its pod says, and every answer is an observation, never an error.

import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';

import { expect, it, onTestFinished } from 'vitest';

import type { KubeObject } from '../../src/api/objects.ts';
import { askForeignHeight } from '../../src/controller/job/foreign-height.ts';

/** A controller whose `GetBlockNumber` answers with these bytes; resolves to its port. */
async function serve(message: string): Promise<number> {
  const server = createServer();
  server.on('stream', (stream, { ':path': path }) => {
    const isKnown = path === '/controller.RPCService/GetBlockNumber';
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': isKnown ? '0' : '12' }));
    const bytes = Buffer.from(message, 'hex');
    stream.end(Buffer.concat([Buffer.of(0, 0, 0, 0, bytes.length), bytes]));
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function pod(ports: readonly object[], status: object = { phase: 'Running', podIP: '127.0.0.1' }): KubeObject {
  const network = { name: 'network', ports: [{ name: 'grpc', containerPort: 1 }] };
  const spec = { containers: [network, { name: 'controller', ports }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'node0-0' }, spec, status };
}

const { signal } = new AbortController();

it.each([
  { because: 'a height', message: '0896 01', health: { answering: true, height: 150 } },
  { because: 'the genesis block: proto3 writes no zeros', message: '', health: { answering: true, height: 0 } },
  {
    because: 'garbage',
    message: 'ffff',
    health: { answering: false, trouble: expect.stringMatching(/no block number$/) },
  },
])('reads $because', async ({ message, health }) => {
  const port = await serve(message.replaceAll(' ', ''));
  expect(await askForeignHeight([pod([{ name: 'grpc', containerPort: port }])], signal)).toEqual(health);
});

it('asks the documented port where the pod names none, and says which', async () => {
  const health = await askForeignHeight([pod([])], signal);
  expect(health).toMatchObject({ answering: false, trouble: expect.stringMatching(/^port 50004: /) });
});

it('asks no pod while none runs', async () => {
  const pending = pod([], { phase: 'Pending' });
  const going = pod([]);
  const metadata = { ...going.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
  expect(await askForeignHeight([pending, { ...going, metadata }], signal)).toBeUndefined();
});
