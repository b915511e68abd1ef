// A location in object storage for tests with real pods: a real S3 server, a policy with the location, and a Secret for it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { stringify } from 'yaml';

import { importWorkerImage } from '../cluster/worker-image.ts';
import { S3_KEYS, startS3, type S3Server } from '../support/s3-server.ts';
import { podsCluster, type PodsWorld, type Repository, startWorld } from './world.ts';

export const PASSWORD = 'the-password-of-the-repositories';

export interface Offsite {
  readonly s3: S3Server;
  /** A controller with the locations `offsite`, and `unlabelled` whose Secret does not allow backups. */
  world(label: string, shared?: Repository): Promise<PodsWorld>;
  /** After its worlds. */
  close(): Promise<void>;
}

export async function openOffsite(): Promise<Offsite> {
  const { state } = await podsCluster();
  const image = await importWorkerImage(state);
  const folder = mkdtempSync(join(tmpdir(), 'nodewright-s3-'));
  const s3 = await startS3(join(folder, 's3'), state.address);
  const policy = join(folder, 'policy.yaml');
  writeFileSync(policy, policyFor(s3.endpoint));
  return {
    s3,
    async world(label, shared) {
      const world = await startWorld(label, ['--image', image, '--policy', policy], shared);
      await world.kubectl(['apply', '-f', '-'], [keys('backup-keys', { 'validatoros.com/allow-backups': 'true' })]);
      await world.kubectl(['apply', '-f', '-'], [keys('unlabelled', {})]);
      return world;
    },
    async close() {
      await s3.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function policyFor(endpoint: string): string {
  const location = { endpoint, bucket: 'backups', prefix: 'fleet', secret: 'backup-keys' };
  const spec = {
    namespaces: ['**'],
    images: { jobs: ['**'] },
    backupLocations: { offsite: location, unlabelled: { ...location, secret: 'unlabelled' } },
  };
  return stringify({ apiVersion: 'validatoros.com/v1alpha1', kind: 'Policy', metadata: { name: 'tests' }, spec });
}

function keys(name: string, labels: Readonly<Record<string, string>>): object {
  const { access, secret } = S3_KEYS;
  const stringData = { AWS_ACCESS_KEY_ID: access, AWS_SECRET_ACCESS_KEY: secret, RESTIC_PASSWORD: PASSWORD };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, labels }, stringData };
}
