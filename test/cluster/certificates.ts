// The certificates of one cluster: one authority, and a certificate for everybody who speaks to the API server.

import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { run } from './command.ts';
import type { ClusterState } from './state.ts';

export interface Subject {
  /** File name without ending. */
  readonly file: string;
  readonly commonName: string;
  readonly organization?: string;
  /** `IP:...` and `DNS:...`; makes it a server certificate too. */
  readonly alternativeNames?: readonly string[];
}

export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export const SERVICE_RANGE = '10.96.0.0/16';
/** The first address of the service range: what pods know as the API server. */
export const API_SERVICE_ADDRESS = '10.96.0.1';

/** Makes the authority, the service account key and every certificate that is not there yet. */
export async function ensureCertificates(state: ClusterState, nodeName: string): Promise<void> {
  mkdirSync(pkiPath(state, ''), { recursive: true, mode: 0o700 });
  ensureServiceAccountKey(state);
  await ensureAuthority(state);
  await Promise.all(subjects(state, nodeName).map((subject) => ensureCertificate(state, subject)));
}

/** Paths of a certificate and its key. */
export function keyPair(state: ClusterState, file: string): KeyPair {
  return { certificate: pkiPath(state, `${file}.crt`), key: pkiPath(state, `${file}.key`) };
}

/** A path in the cluster's folder of keys; everything there is readable by its owner alone. */
export function pkiPath(state: ClusterState, file: string): string {
  return join(state.directory, 'pki', file);
}

function subjects(state: ClusterState, nodeName: string): readonly Subject[] {
  const apiNames = ['DNS:localhost', 'DNS:kubernetes', 'DNS:kubernetes.default', 'DNS:kubernetes.default.svc'];
  const apiAddresses = [...new Set(['127.0.0.1', API_SERVICE_ADDRESS, state.address])].map(
    (address) => `IP:${address}`,
  );
  return [
    { file: 'apiserver', commonName: 'kube-apiserver', alternativeNames: [...apiNames, ...apiAddresses] },
    { file: 'admin', commonName: 'admin', organization: 'system:masters' },
    { file: 'apiserver-kubelet-client', commonName: 'kube-apiserver', organization: 'system:masters' },
    { file: 'controller-manager', commonName: 'system:kube-controller-manager' },
    { file: 'scheduler', commonName: 'system:kube-scheduler' },
    {
      file: 'kubelet',
      commonName: `system:node:${nodeName}`,
      organization: 'system:nodes',
      alternativeNames: [`DNS:${nodeName}`, `IP:${state.address}`],
    },
  ];
}

async function ensureAuthority(state: ClusterState): Promise<void> {
  const { certificate, key } = keyPair(state, 'ca');
  if (existsSync(certificate)) return;
  const subject = ['-subj', `/CN=nodewright-${state.name}`, '-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
  await run('openssl', [...newKey(key), ...subject, '-days', '3650', '-out', certificate]);
}

async function ensureCertificate(state: ClusterState, subject: Subject): Promise<void> {
  const { certificate, key } = keyPair(state, subject.file);
  if (existsSync(certificate)) return;
  const authority = keyPair(state, 'ca');
  const organization = subject.organization === undefined ? '' : `/O=${subject.organization}`;
  const names = subject.alternativeNames ?? [];
  const usage = names.length > 0 ? 'serverAuth,clientAuth' : 'clientAuth';
  const extensions = ['basicConstraints=critical,CA:FALSE', `extendedKeyUsage=${usage}`];
  if (names.length > 0) extensions.push(`subjectAltName=${names.join(',')}`);
  const signing = ['-CA', authority.certificate, '-CAkey', authority.key, '-days', '365'];
  const described = [
    '-subj',
    `${organization}/CN=${subject.commonName}`,
    ...extensions.flatMap((text) => ['-addext', text]),
  ];
  await run('openssl', [...newKey(key), ...signing, ...described, '-out', certificate]);
}

function newKey(path: string): readonly string[] {
  return ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-keyout', path];
}

function ensureServiceAccountKey(state: ClusterState): void {
  const [key, publicKey] = [pkiPath(state, 'service-account.key'), pkiPath(state, 'service-account.pub')];
  if (existsSync(publicKey)) return;
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  writeFileSync(key, pair.privateKey, { mode: 0o600 });
  writeFileSync(publicKey, pair.publicKey);
}
