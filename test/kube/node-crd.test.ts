// The generated CRD against a real API server: it is accepted, structural, and its rules hold.

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { chains } from '../../src/chains/index.ts';
import { crds } from '../../src/desired/crds.ts';
import { nodeCrd } from '../../src/desired/node-kind.ts';
import { connectCluster } from '../../src/kube/api-cluster.ts';
import { applyCrds } from '../../src/kube/crds.ts';
import { binary } from '../cluster/binaries.ts';
import { privateApiServer, type PrivateApiServer } from '../support/api-server.ts';
import { waitFor } from '../support/wait-for.ts';

let server: PrivateApiServer;
let kubeconfig: string;
const crdName = 'blockchainnodes.validatoros.com';

beforeAll(async () => {
  server = await privateApiServer();
  kubeconfig = await server.kubeconfig('admin');
  const applied = await apply(nodeCrd(chains));
  if (!applied.ok) throw new Error(applied.text);
  await waitFor('an established CRD', async () => (await conditions())['Established'] === 'True');
  await waitFor('the new kind', async () => (await kubectl(['get', 'bn'])).ok);
});

afterAll(async () => server?.stop());

it('is structural and serves its names', async () => {
  expect(await conditions()).toEqual({ Established: 'True', NamesAccepted: 'True' });
  expect((await kubectl(['get', 'bn', '-A'])).ok).toBe(true);
});

it('is not written a second time, nor are the others', async () => {
  const cluster = connectCluster({ kubeconfig });
  try {
    await applyCrds(cluster, crds());
    const outcomes = (await applyCrds(cluster, crds())).map(({ outcome }) => outcome);
    expect(new Set(outcomes)).toEqual(new Set(['current']));
  } finally {
    await cluster.close();
  }
});

it('fills in the defaults that the schema has', async () => {
  await apply(aNode('defaults'));
  const { text } = await kubectl(['get', 'bn', 'defaults', '-o', 'json']);
  const { spec, status } = JSON.parse(text) as { spec: object; status: object };
  expect(status).toEqual({ observedGeneration: -1 });
  expect(spec).toEqual({
    ...aNode('defaults').spec,
    nodeType: 'full',
    serviceType: 'ClusterIP',
    desiredState: 'Running',
    deletionPolicy: 'Retain',
  });
});

const refused = [
  {
    because: 'an unknown field is a typing error',
    change: { restartGenration: 1 },
    says: 'spec.restartGenration: field not declared in schema',
  },
  {
    because: 'a quantity must be one',
    change: { storage: { data: { size: '-5Gi' } } },
    says: 'spec.storage.data.size',
  },
  { because: 'an enum is closed', change: { nodeType: 'fool' }, says: 'spec.nodeType: Unsupported value' },
  {
    because: 'options belong to their chain',
    change: { cosmos: {} },
    says: 'cosmos: only for nodes with chain: cosmos',
  },
  {
    because: 'an identity URL must not carry a password',
    change: { checkpoint: { url: 'https://u:p@host' } },
    says: 'spec.checkpoint.url',
  },
] as const;
it.each(refused)('refuses: $because', async ({ change, says }) => {
  expect(await apply(aNode('refused', change))).toEqual({ ok: false, text: expect.stringContaining(says) });
});

it('refuses a name that leaves no room for a revision hash', async () => {
  const result = await apply(aNode('n'.repeat(53)));
  expect(result).toEqual({ ok: false, text: expect.stringContaining('at most 52 characters') });
});

const transitions = [
  { because: 'the chain is immutable', change: { chain: 'bitcoin' }, says: 'immutable' },
  { because: 'the network is immutable', change: { network: 'mainnet' }, says: 'immutable' },
  {
    because: 'a volume never shrinks, in any unit',
    change: { storage: { data: { size: '102399Mi' } } },
    says: 'never shrink',
  },
  {
    because: 'a volume cannot be taken away',
    change: { storage: { other: { size: '100Gi' } } },
    says: 'cannot be removed',
  },
  {
    because: 'the storage class stays',
    change: { storage: { data: { size: '100Gi', storageClass: 'fast' } } },
    says: 'storageClass is immutable',
  },
] as const;
it.each(transitions)('refuses a change: $because', async ({ change, says }) => {
  await apply(aNode('changes'));
  expect(await apply(aNode('changes', change))).toEqual({ ok: false, text: expect.stringContaining(says) });
});

it('lets a volume grow', async () => {
  await apply(aNode('grows'));
  expect((await apply(aNode('grows', { storage: { data: { size: '0.2Ti' } } }))).ok).toBe(true);
});

function aNode(name: string, change: object = {}): { readonly spec: object; readonly [field: string]: unknown } {
  const spec = {
    chain: 'ethereum',
    network: 'hoodi',
    clients: { el: { name: 'geth', version: '1.16.7' } },
    storage: { data: { size: '100Gi' } },
  };
  return {
    apiVersion: 'validatoros.com/v1alpha1',
    kind: 'BlockchainNode',
    metadata: { name, namespace: 'default' },
    spec: { ...spec, ...change },
  };
}

async function conditions(): Promise<Record<string, string>> {
  const { text } = await kubectl(['get', 'crd', crdName, '-o', 'json']);
  const { status } = JSON.parse(text) as { status?: { conditions?: { type: string; status: string }[] } };
  return Object.fromEntries((status?.conditions ?? []).map(({ type, status: value }) => [type, value]));
}

async function apply(object: object): Promise<Result> {
  const file = join(server.directory, 'object.json');
  await writeFile(file, JSON.stringify(object));
  return await kubectl(['apply', '--server-side', '--validate=strict', '-f', file]);
}

interface Result {
  readonly ok: boolean;
  /** Standard output, or the error's text. */
  readonly text: string;
}

async function kubectl(args: readonly string[]): Promise<Result> {
  const program = await binary('kubectl');
  return await new Promise((resolve) => {
    execFile(program, ['--kubeconfig', kubeconfig, ...args], { timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ ok: error === null, text: error === null ? stdout : stderr }),
    );
  });
}
