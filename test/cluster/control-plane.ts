// etcd, API server, controller manager and scheduler of one cluster.

import { join } from 'node:path';

import { isReady } from './api.ts';
import { auditFlags } from './audit.ts';
import { binary } from './binaries.ts';
import { keyPair, pkiPath, SERVICE_RANGE } from './certificates.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { startServer, waitFor } from './processes.ts';
import type { ClusterState } from './state.ts';

const LOOPBACK = '127.0.0.1';

/** Starts all four; resolves once the API server is ready. */
export async function startControlPlane(state: ClusterState): Promise<void> {
  await startEtcd(state);
  await startApiServer(state);
  await startServer(state.directory, {
    name: 'kube-controller-manager',
    program: await binary('kube-controller-manager'),
    args: controllerManagerFlags(state),
  });
  await startServer(state.directory, {
    name: 'kube-scheduler',
    program: await binary('kube-scheduler'),
    args: [...client(state, 'scheduler'), ...servingFlags(state.ports.scheduler), '--leader-elect=false'],
  });
}

/** Starts the API server alone, on the port it always has; resolves once it is ready. */
export async function startApiServer(state: ClusterState): Promise<void> {
  const server = { name: 'kube-apiserver', program: await binary('kube-apiserver'), args: apiServerFlags(state) };
  await startServer(state.directory, server);
  const needed = { directory: state.directory, servers: ['etcd', 'kube-apiserver'] };
  await waitFor({ what: 'the API server to be ready', timeoutMs: 90_000, needed }, () => isReady(state));
}

async function startEtcd(state: ClusterState): Promise<void> {
  const clientUrl = `http://${LOOPBACK}:${state.ports.etcd}`;
  const peerUrl = `http://${LOOPBACK}:${state.ports.etcdPeer}`;
  const args = [
    `--data-dir=${join(state.directory, 'etcd')}`,
    `--name=${state.name}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=${state.name}=${peerUrl}`,
    '--unsafe-no-fsync=true',
    '--logger=zap',
  ];
  await startServer(state.directory, { name: 'etcd', program: await binary('etcd'), args });
}

function apiServerFlags(state: ClusterState): readonly string[] {
  const serving = keyPair(state, 'apiserver');
  const kubelet = keyPair(state, 'apiserver-kubelet-client');
  return [
    `--etcd-servers=http://${LOOPBACK}:${state.ports.etcd}`,
    `--bind-address=${state.address}`,
    `--secure-port=${state.ports.apiServer}`,
    '--endpoint-reconciler-type=none',
    `--service-cluster-ip-range=${SERVICE_RANGE}`,
    `--client-ca-file=${keyPair(state, 'ca').certificate}`,
    `--tls-cert-file=${serving.certificate}`,
    `--tls-private-key-file=${serving.key}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${pkiPath(state, 'service-account.pub')}`,
    `--service-account-signing-key-file=${pkiPath(state, 'service-account.key')}`,
    '--authorization-mode=Node,RBAC',
    // What an aggregated API server would use; the controllers complain every minute when it is not set.
    `--requestheader-client-ca-file=${keyPair(state, 'ca').certificate}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--kubelet-client-certificate=${kubelet.certificate}`,
    `--kubelet-client-key=${kubelet.key}`,
    `--kubelet-certificate-authority=${keyPair(state, 'ca').certificate}`,
    '--kubelet-preferred-address-types=InternalIP',
    '--allow-privileged=true',
    ...auditFlags(state),
  ];
}

function controllerManagerFlags(state: ClusterState): readonly string[] {
  const authority = keyPair(state, 'ca');
  return [
    ...client(state, 'controller-manager'),
    ...servingFlags(state.ports.controllerManager),
    `--service-account-private-key-file=${pkiPath(state, 'service-account.key')}`,
    `--root-ca-file=${authority.certificate}`,
    '--use-service-account-credentials=true',
    `--cluster-signing-cert-file=${authority.certificate}`,
    `--cluster-signing-key-file=${authority.key}`,
    // The default client rate makes a burst of a few hundred pods wait.
    '--kube-api-qps=300',
    '--kube-api-burst=600',
    '--leader-elect=false',
  ];
}

function client(state: ClusterState, file: string): readonly string[] {
  const path = writeKubeconfig(state, file);
  return [`--kubeconfig=${path}`, `--authentication-kubeconfig=${path}`, `--authorization-kubeconfig=${path}`];
}

/** Metrics and health: on loopback, on a port of this cluster, with the cluster's own login. */
function servingFlags(port: number): readonly string[] {
  return [`--bind-address=${LOOPBACK}`, `--secure-port=${port}`];
}
