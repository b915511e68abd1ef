// Nodes, pods and Secrets with signing keys.

import type { KubeObject } from '../../src/api/objects.ts';
import { aNode } from '../support/plan-scene.ts';

export const signer = (name: string, secretName = `key-${name}`) => aNode(name, { identity: { secretName } });
/** A key file as CometBFT writes it; the letter stands for the key. */
export const keyFile = (letter: string, more: object = {}): string =>
  JSON.stringify({ ...more, priv_key: { value: Buffer.alloc(64, letter).toString('base64') } });

function volumesWith(secret: string): object {
  return {
    volumes: [
      { name: 'nodewright-made-jwt', secret: { secretName: `${secret}-jwt` } },
      { name: 'nodewright-secret-1', secret: { secretName: secret } },
      { name: 'data', emptyDir: {} },
    ],
  };
}

export const named = (kind: string, name: string): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'ns' },
});
export const aPod = (secret: string, name = 'a-0'): KubeObject => ({
  ...named('Pod', name),
  spec: volumesWith(secret),
});

export function aSet(secret: string, replicas: number, status: object = {}): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'set', namespace: 'ns', generation: 2 },
    spec: { replicas, template: { spec: volumesWith(secret) } },
    status,
  };
}

export function data(texts: Readonly<Record<string, string>>): object {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString('base64')]));
}
