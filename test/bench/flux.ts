// The two controllers of Flux that sync a repository, as processes, with the objects that make them sync the fleet.

import { readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { parse } from 'yaml';

import { DEFAULT_NAMESPACE } from '../../src/api/group.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { ensureNamespace } from '../../src/controller/fleet/namespace.ts';
import { applyCrds } from '../../src/kube/crds.ts';
import type { Kind } from '../../src/kube/cluster.ts';
import { collectionPath } from '../../src/kube/paths.ts';
import { textAt } from '../../src/lib/json-value.ts';
import { binary } from '../cluster/binaries.ts';
import { moduleFolder } from '../cluster/module-folder.ts';
import { FLUX_KUSTOMIZE, FLUX_SOURCE } from '../cluster/modules.ts';
import { freePorts } from '../cluster/ports.ts';
import { runningServer, startServer, stopServer, waitFor } from '../cluster/processes.ts';
import { send } from './raw-request.ts';
import { watchKind } from './sightings.ts';
import type { Stage } from './stage.ts';

const NAMESPACE = 'flux-system';
const NAME = 'fleet';
const PROGRAMS = ['source-controller', 'kustomize-controller'] as const;

export interface Flux {
  /** Of its two processes. */
  readonly pids: readonly number[];
  /** Creates the objects that make it sync the fleet. */
  readonly sync: () => Promise<void>;
  /** What `flux reconcile source git` does: the branch is looked at now, and what is new is applied. */
  readonly requestSource: () => Promise<void>;
  /** What `flux reconcile kustomization --with-source` does; resolves when both have answered. */
  readonly reconcile: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts both with their default settings, and waits until they are ready. */
export async function startFlux(stage: Stage): Promise<Flux> {
  const { cluster, directory } = stage;
  await applyCrds(cluster, [...(await definitions(FLUX_SOURCE)), ...(await definitions(FLUX_KUSTOMIZE))]);
  await ensureNamespace(cluster, NAMESPACE);
  const pids = await startPrograms(stage);
  // Watched, because what asks again and again would be counted among its requests.
  const seen = {
    GitRepository: await watchKind(cluster, FLUX_KINDS.GitRepository),
    Kustomization: await watchKind(cluster, FLUX_KINDS.Kustomization),
  };
  let requests = 0;
  async function request(kind: FluxKind): Promise<string> {
    const token = `bench-${++requests}`;
    await patch(stage, kind, { metadata: { annotations: { 'reconcile.fluxcd.io/requestedAt': token } } });
    return token;
  }
  async function requestAndWait(kind: FluxKind): Promise<void> {
    const token = await request(kind);
    await seen[kind].until(`Flux to have reconciled its ${kind}`, 120_000, () => {
      const object = seen[kind].get(`${NAMESPACE}/${NAME}`);
      return textAt(object, ['status', 'lastHandledReconcileAt']) === token;
    });
  }
  return {
    pids,
    async sync() {
      await patch(stage, 'GitRepository', repository(stage.server.url(NAME)));
      await patch(stage, 'Kustomization', KUSTOMIZATION);
    },
    requestSource: async () => void (await request('GitRepository')),
    async reconcile() {
      await requestAndWait('GitRepository');
      await requestAndWait('Kustomization');
    },
    async stop() {
      for (const sightings of Object.values(seen)) sightings.stop();
      for (const name of PROGRAMS) await stopServer(directory, name);
    },
  };
}

async function startPrograms({ directory, kubeconfig, folder }: Stage): Promise<readonly number[]> {
  const ports = await freePorts(5, '127.0.0.1');
  const [artifacts = '', ...own] = ports.map((port) => `127.0.0.1:${port}`);
  const path = join(folder, 'artifacts');
  await mkdir(path);
  const storage = [`--storage-path=${path}`, `--storage-addr=${artifacts}`, `--storage-adv-addr=${artifacts}`];
  const pids: number[] = [];
  for (const [index, name] of PROGRAMS.entries()) {
    const [metrics = '', health = ''] = own.slice(index * 2);
    await startServer(directory, {
      name,
      program: await binary(name),
      args: [
        `--metrics-addr=${metrics}`,
        `--health-addr=${health}`,
        '--events-addr=',
        '--enable-leader-election=false',
        ...(name === 'source-controller' ? storage : []),
      ],
      env: { KUBECONFIG: kubeconfig, RUNTIME_NAMESPACE: NAMESPACE },
    });
    const needed = { directory, servers: [name] };
    await waitFor({ what: `${name} to be ready`, timeoutMs: 60_000, needed }, async () => await isReady(health));
    pids.push(runningServer(directory, name)?.pid ?? 0);
  }
  return pids;
}

async function isReady(address: string): Promise<boolean> {
  try {
    return (await fetch(`http://${address}/readyz`)).ok;
  } catch {
    return false;
  }
}

async function definitions(module: typeof FLUX_SOURCE): Promise<readonly KubeObject[]> {
  const folder = join(await moduleFolder(module), 'config/crd/bases');
  return readdirSync(folder).map((name) => parse(readFileSync(join(folder, name), 'utf8')) as KubeObject);
}

const FLUX_KINDS = {
  GitRepository: {
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind: 'GitRepository',
    plural: 'gitrepositories',
    namespaced: true,
  },
  Kustomization: {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    plural: 'kustomizations',
    namespaced: true,
  },
} as const satisfies Readonly<Record<string, Kind>>;
type FluxKind = keyof typeof FLUX_KINDS;

async function patch({ transport }: Stage, kind: FluxKind, part: object): Promise<void> {
  await send(transport, {
    method: 'PATCH',
    path: `${collectionPath(FLUX_KINDS[kind], NAMESPACE)}/${NAME}?fieldManager=bench-${'spec' in part ? 'spec' : 'request'}&force=true`,
    contentType: 'application/apply-patch+yaml',
    body: { apiVersion: FLUX_KINDS[kind].apiVersion, kind, ...part, metadata: { name: NAME, ...metadataOf(part) } },
  });
}

function metadataOf(part: object): object {
  return 'metadata' in part && typeof part.metadata === 'object' ? { ...part.metadata } : {};
}

/** So long that nothing but a request makes it reconcile while it is measured. */
const INTERVAL = '10m';

function repository(url: string): object {
  return { spec: { interval: INTERVAL, url, ref: { branch: 'main' } } };
}

/** Without `fleet.yaml`, whose kind is not one of the cluster. */
const KUSTOMIZATION = {
  spec: {
    interval: INTERVAL,
    path: './nodes',
    prune: true,
    targetNamespace: DEFAULT_NAMESPACE,
    sourceRef: { kind: 'GitRepository', name: NAME },
  },
};
