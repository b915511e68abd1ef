// Writes kubeconfig files: one for people, one for each part that logs in.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { keyPair } from './certificates.ts';
import { kubeconfigPath, type ClusterState } from './state.ts';

/** The administrator's kubeconfig, complete in itself, at the path that `cluster kubeconfig` prints. */
export function writeAdminKubeconfig(state: ClusterState): string {
  return write(state, 'admin', kubeconfigPath(state));
}

/** A kubeconfig with the client certificate `file`; resolves to its path. */
export function writeKubeconfig(state: ClusterState, file: string): string {
  return write(state, file, join(state.directory, 'pki', `${file}.kubeconfig`));
}

function write(state: ClusterState, file: string, path: string): string {
  const { certificate, key } = keyPair(state, file);
  const name = `nodewright-${state.name}`;
  const server = `https://${state.address}:${state.ports.apiServer}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(keyPair(state, 'ca').certificate) } }],
    users: [{ name, user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  // JSON is YAML.
  writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  return path;
}

function base64(path: string): string {
  return readFileSync(path).toString('base64');
}
