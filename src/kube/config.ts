// Which API server to talk to, and as whom: kubeconfig file, default rules, or the pod's own service account.

import type { RequestOptions } from 'node:https';
import type { ConnectionOptions } from 'node:tls';

import type { KubeConfig } from './kube-config.ts';
import { loadDefault, loadFile, loadListedFiles } from './kubeconfig-files.ts';
import { KubeError } from './kube-error.ts';
import { useTokenFiles } from './token-file.ts';

export interface ConfigOptions {
  /** A kubeconfig file; default: KUBECONFIG, then ~/.kube/config, then the pod's service account. */
  readonly kubeconfig?: string;
  /** Default: the file's current context. */
  readonly context?: string;
}

export type TlsMaterial = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized' | 'servername'
>;

/** What one request needs; TLS material and token are fresh when read, so rotated files are seen. */
export interface Credentials {
  /** `https://10.96.0.1:443`, with a base path when there is one (Rancher: `/k8s/clusters/c-1`). */
  readonly server: string;
  readonly proxyUrl: string | undefined;
  /** Authorization and impersonation. Never logged. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
}

/** An exec plugin that asks a person for something would otherwise wait for ever. */
const CREDENTIALS_TIMEOUT_MS = 30_000;

/** Reads the configuration. Throws KubeError CONFIG when there is none or the context is unknown. */
export function loadConfig(options: ConfigOptions): KubeConfig {
  const config = loadFiles(options.kubeconfig);
  if (options.context !== undefined) config.setCurrentContext(options.context);
  const server = config.getCurrentCluster()?.server;
  if (server === undefined || config.getCurrentUser() === null) {
    throw new KubeError('CONFIG', `kubeconfig context "${config.getCurrentContext()}" names no known cluster and user`);
  }
  if (isLastResort(config, server)) {
    throw new KubeError('CONFIG', 'no kubeconfig found, and this is not a pod: set KUBECONFIG or pass --kubeconfig');
  }
  return config;
}

function loadFiles(file: string | undefined): KubeConfig {
  try {
    const config = file === undefined ? (loadListedFiles() ?? loadDefault()) : loadFile(file);
    useTokenFiles(config, file);
    return config;
  } catch (cause) {
    const what = file ?? 'the default kubeconfig';
    throw new KubeError('CONFIG', `cannot read ${what}: check that the file exists and is valid YAML`, { cause });
  }
}

/** The credentials as of now; reads CA, certificate and token files again and runs an exec plugin when it must. */
export async function readCredentials(config: KubeConfig): Promise<Credentials> {
  const options: RequestOptions = {};
  try {
    await within(CREDENTIALS_TIMEOUT_MS, config.applyToHTTPSOptions(options));
  } catch (cause) {
    // The cause of a failed exec plugin is its stderr, which may hold anything: it is left out on purpose.
    const plugin = config.getCurrentUser()?.exec !== undefined && config.getCurrentUser()?.exec !== null;
    throw plugin
      ? new KubeError('CONFIG', 'the credential plugin of the kubeconfig failed; run it by hand to see why')
      : new KubeError('CONFIG', 'cannot read the credentials that the kubeconfig names', { cause });
  }
  const cluster = config.getCurrentCluster();
  return {
    server: cluster?.server.replace(/\/+$/, '') ?? '',
    proxyUrl: cluster?.proxyUrl,
    headers: headersOf(options),
    tls: tlsOf(options),
  };
}

/** What client-node falls back to when nothing else is there. */
function isLastResort(config: KubeConfig, server: string): boolean {
  return config.getCurrentContext() === 'loaded-context' && server === 'http://localhost:8080';
}

function headersOf(options: RequestOptions): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (value !== undefined) headers[name.toLowerCase()] = String(value).trim();
  }
  if (typeof options.auth === 'string') {
    headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  return headers;
}

function tlsOf(options: RequestOptions): TlsMaterial {
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
  const all = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && value !== null));
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no credentials within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
