// A private etcd and kube-apiserver for tests that restart or break it; gone without a trace when the test ends.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { binary } from '../cluster/binaries.ts';
import { makeCertificates, type Certificates } from './certificates.ts';

export interface PrivateApiServer {
  readonly url: string;
  readonly port: number;
  readonly directory: string;
  readonly certificates: Certificates;
  /** A kubeconfig for a user, by bearer token; `server` may be a proxy in front. */
  kubeconfig(user: TestUser, server?: string): Promise<string>;
  /** A kubeconfig that logs in with a client certificate. */
  certificateKubeconfig(): Promise<string>;
  /** Kills the API server (not etcd) and starts it again on the same port; `meanwhile` runs while it is down. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** `admin` may everything; `limited` is authenticated and may only what every user may. */
export type TestUser = 'admin' | 'limited';

export const TOKENS: Readonly<Record<TestUser, string>> = { admin: 'admin-token', limited: 'limited-token' };

const READY_MS = 120_000;

export async function privateApiServer(): Promise<PrivateApiServer> {
  const directory = await mkdtemp(join(tmpdir(), 'nodewright-api-'));
  const certificates = await makeCertificates(directory);
  await writeFile(
    join(directory, 'tokens.csv'),
    `${TOKENS.admin},admin,1,"system:masters"\n${TOKENS.limited},limited,2,"people"\n`,
  );
  const [etcdPort = 0, peerPort = 0, port = 0] = await freePorts(3);
  const [etcdProgram, apiProgram] = [await binary('etcd'), await binary('kube-apiserver')];
  const etcd = start(directory, { name: 'etcd', program: etcdProgram, args: etcdFlags(directory, etcdPort, peerPort) });
  const flags = apiServerFlags(directory, { etcdPort, port });
  let api = start(directory, { name: 'kube-apiserver', program: apiProgram, args: flags });
  const url = `https://127.0.0.1:${port}`;

  async function stop(): Promise<void> {
    await end(api);
    await end(etcd);
    await rm(directory, { recursive: true, force: true });
  }
  try {
    await ready(api, url, certificates.ca);
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    url,
    port,
    directory,
    certificates,
    kubeconfig: (user, server = url) =>
      writeKubeconfig(directory, `${user}-${server.split(':').at(-1)}`, { server, user: { token: TOKENS[user] } }),
    certificateKubeconfig: () =>
      writeKubeconfig(directory, 'certificate', {
        server: url,
        user: {
          'client-certificate': certificates.adminFile.certificate,
          'client-key': certificates.adminFile.key,
        },
      }),
    async restart(meanwhile) {
      await end(api);
      await meanwhile?.();
      api = start(directory, { name: 'kube-apiserver', program: apiProgram, args: flags });
      await ready(api, url, certificates.ca);
    },
    stop,
  };
}

/** Ports that nothing listens on right now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function etcdFlags(directory: string, port: number, peerPort: number): readonly string[] {
  const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`];
  return [
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync=true',
  ];
}

function apiServerFlags(
  directory: string,
  { etcdPort, port }: { readonly etcdPort: number; readonly port: number },
): readonly string[] {
  const file = (name: string): string => join(directory, name);
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.96.0.0/16',
    `--client-ca-file=${file('ca.crt')}`,
    `--tls-cert-file=${file('server.crt')}`,
    `--tls-private-key-file=${file('server.key')}`,
    `--token-auth-file=${file('tokens.csv')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${file('account.key')}`,
    `--service-account-signing-key-file=${file('account.key')}`,
    '--authorization-mode=RBAC',
    // Without controllers the service accounts that this would wait for are never created.
    '--disable-admission-plugins=ServiceAccount',
  ];
}

interface Program {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}

function start(directory: string, { name, program, args }: Program): ChildProcess {
  const log = openSync(join(directory, `${name}.log`), 'a');
  // The kernel ends the server when the test process dies, however that happens.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], {
    stdio: ['ignore', log, log],
    cwd: directory,
  });
  closeSync(log);
  child.on('error', () => undefined);
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  // Not asked politely: an API server otherwise takes a minute to let its watches go, and a crash is the harder case.
  child.kill('SIGKILL');
  await gone;
}

async function ready(api: ChildProcess, url: string, ca: string): Promise<void> {
  const until = performance.now() + READY_MS;
  while (!(await answers(`${url}/readyz`, ca))) {
    if (api.exitCode !== null) throw new Error(`kube-apiserver ended with ${api.exitCode}; see its log`);
    if (performance.now() > until) throw new Error(`kube-apiserver is not ready after ${READY_MS / 1000} s`);
    await wait(100);
  }
}

function answers(url: string, ca: string): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${TOKENS.admin}` };
    const asked = request(url, { ca, headers, timeout: 5000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end();
  });
}

async function writeKubeconfig(
  directory: string,
  name: string,
  { server, user }: { readonly server: string; readonly user: Readonly<Record<string, string>> },
): Promise<string> {
  const path = join(directory, `kubeconfig-${name}`);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': join(directory, 'ca.crt') } }],
    users: [{ name: 'test', user }],
  };
  await writeFile(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}
