// Backups in object storage: the real engine against a real S3 server, the verbs on folders.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { DownloadParameters, RetainParameters, UploadParameters } from '../../src/api/worker-task.ts';
import { perform } from '../../src/worker/perform.ts';
import { binary } from '../cluster/binaries.ts';
import { S3_KEYS, startS3, type S3Server } from '../support/s3-server.ts';
import { EXPECT, ORIGIN, quiet } from '../worker/support/params.ts';
import { spawnVerb } from '../worker/support/spawn-verb.ts';
import { picture, plant, tempDir, type Plants } from '../worker/support/tree.ts';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';

const S3_SECRET: string = S3_KEYS.secret;

let s3: S3Server;
let storage: string;

beforeAll(async () => {
  storage = mkdtempSync(join(tmpdir(), 'nodewright-s3-'));
  vi.stubEnv('TEST_ENGINE', await binary('restic'));
  s3 = await startS3(storage);
}, 1_800_000);

afterAll(async () => {
  await s3.stop();
  vi.unstubAllEnvs();
  rmSync(storage, { recursive: true, force: true });
});

afterEach(() => credentials());

function credentials({ secret = S3_SECRET, password = 'password-1' } = {}): void {
  vi.stubEnv('AWS_ACCESS_KEY_ID', S3_KEYS.access);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secret);
  vi.stubEnv('RESTIC_PASSWORD', password);
}
credentials();

const DATA: Plants = {
  chaindata: {
    kind: 'dir',
    mode: 0o750,
    uid: 1000,
    below: {
      '000001.log': { kind: 'file', content: 'blocks '.repeat(5000), mode: 0o640, uid: 1000 },
      CURRENT: { kind: 'link', target: '000001.log' },
    },
  },
  empty: { kind: 'dir', mode: 0o700, uid: 1000, below: {} },
  nodekey: { kind: 'file', content: 'key of the source', mode: 0o600, uid: 1000 },
};

let sequence = 0;

/** A node's volume with data, in a repository of its own. */
function scene(bucket = 'backups') {
  const top = tempDir();
  const at = join(top, 'work');
  const source = join(at, 'volumes', 'data');
  mkdirSync(source, { recursive: true });
  plant(source, DATA);
  sequence += 1;
  const repository = { location: 'offsite', url: `s3:${s3.endpoint}/${bucket}/prefix/node-${sequence}` };
  const uploadOf = (uid: string, more: object = {}): UploadParameters =>
    UploadParameters.parse({
      verb: 'upload',
      repository,
      at,
      volumes: [{ name: 'data', from: source }],
      origin: { ...ORIGIN, uid },
      ...more,
    });
  const downloadOf = (to: string, more: object = {}): DownloadParameters => {
    const from = join(top, 'scratch');
    mkdirSync(from, { recursive: true });
    return DownloadParameters.parse({
      verb: 'download',
      repository,
      snapshot: 'latest',
      id: 'restore-1',
      from,
      volumes: [{ name: 'data', to }],
      scope: 'volume',
      keep: [],
      signerState: [],
      expect: EXPECT,
      ...more,
    });
  };
  const target = (): string => {
    const path = join(top, 'target');
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'old'), 'old data');
    writeFileSync(join(path, 'nodekey'), 'key of the target');
    return path;
  };
  return { top, at, source, repository, uploadOf, downloadOf, target };
}

/** Objects below a part of the repository: `snapshots`, `locks`, `data`. */
function objects(part: string): readonly string[] {
  try {
    const folder = join(storage, 'backups', 'prefix', `node-${sequence}`, part);
    return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
      entry.isFile() ? [entry.name] : [],
    );
  } catch {
    return [];
  }
}

async function failure(params: UploadParameters | DownloadParameters): Promise<unknown> {
  return perform(params, quiet()).then(
    () => 'done',
    (error: unknown) => error,
  );
}

describe('a backup in object storage', { timeout: 120_000 }, () => {
  it('comes back the same on another volume, with the own files of the node kept', async () => {
    const { source, uploadOf, downloadOf, target } = scene();
    const made = await perform(uploadOf('job-1'), quiet());
    expect(made).toMatchObject({ ok: true, files: 2, snapshotId: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const to = target();
    const keep = [{ volume: 'data', path: 'nodekey' }];
    const restored = await perform(
      downloadOf(to, { keep, snapshot: made.snapshotId, expect: { ...EXPECT, manifestSha256: made.manifestSha256 } }),
      quiet(),
    );
    expect(restored).toMatchObject({ ok: true, swapped: true, height: 42, manifestSha256: made.manifestSha256 });
    const kept = readFileSync(join(to, 'nodekey'), 'utf8');
    expect(kept).toBe('key of the target');
    for (const path of [join(to, 'nodekey'), join(source, 'nodekey')]) rmSync(path);
    expect(picture(to)).toEqual(picture(source));
    expect(objects('locks')).toEqual([]);
  });

  it('stores data that is there already only once', async () => {
    const { source, uploadOf } = scene();
    writeFileSync(
      join(source, 'chaindata', '000002.log'),
      Buffer.alloc(3_000_000, 'abcdefg-').map((b, i) => b ^ (i >> 9)),
    );
    const first = await perform(uploadOf('job-1'), quiet());
    const second = await perform(uploadOf('job-2'), quiet());
    expect(second.bytes).toBe(first.bytes);
    expect(second.bytesAdded).toBeLessThan((first.bytesAdded ?? 0) / 2);
    expect(objects('snapshots')).toHaveLength(2);
  });

  it('is made once for one request, also when its worker was killed after the snapshot', async () => {
    const { uploadOf } = scene();
    const killed = await spawnVerb(uploadOf('job-1'), 5);
    expect(killed).toMatchObject({ signal: 'SIGKILL', steps: ['opened', 'file', 'file', 'manifest', 'snapshot'] });
    const again = await perform(uploadOf('job-1'), quiet());
    expect(again.message).toContain('an earlier run made snapshot');
    expect(objects('snapshots')).toEqual([again.snapshotId]);
  });

  it('does not exist when the worker and the engine were killed in the middle, and is made by the next run', async () => {
    const { source, uploadOf } = scene();
    for (let file = 0; file < 60; file++)
      writeFileSync(join(source, `segment-${file}`), Buffer.alloc(2_000_000, `${file}-${Math.sin(file)}`));
    await spawnVerb(uploadOf('job-1'), 0, (line, child) => {
      if (line !== 'step manifest') return;
      const timer = setInterval(() => {
        const engine = objects('locks').length > 0 ? childrenOf(child.pid ?? 0) : [];
        if (engine.length === 0) return;
        clearInterval(timer);
        child.kill('SIGKILL');
        for (const pid of engine) process.kill(pid, 'SIGKILL');
      }, 5);
    });
    expect(objects('snapshots')).toEqual([]);
    expect(objects('locks')).toHaveLength(1);
    const said: string[] = [];
    const made = await perform(uploadOf('job-1'), quiet({ say: (line) => void said.push(line) }));
    expect(objects('snapshots')).toEqual([made.snapshotId]);
    expect(objects('locks')).toEqual([]);
    expect(said).toContain('removing 1 locks of workers of this node that were killed');
  });

  it('survives storage that goes away in the middle and comes back', async () => {
    const { source, uploadOf, downloadOf, target } = scene();
    for (let file = 0; file < 20; file++)
      writeFileSync(join(source, `segment-${file}`), Buffer.alloc(2_000_000, `${file}-${Math.cos(file)}`));
    let restarted: Promise<void> | undefined;
    const said: string[] = [];
    const made = await perform(
      uploadOf('job-1'),
      quiet({
        onStep: (step) => {
          if (step === 'manifest') s3.kill();
        },
        say: (line) => {
          said.push(line);
          if (line.startsWith('restic:') && restarted === undefined) restarted = s3.start();
        },
      }),
    );
    await restarted;
    expect(said.join('\n')).toMatch(/restic: .*connection refused/);
    const to = target();
    await perform(downloadOf(to, { snapshot: made.snapshotId }), quiet());
    expect(picture(to)).toEqual(picture(source));
  });
});

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

describe('a backup or restore is refused, with its reason', { timeout: 120_000 }, () => {
  it('when the volumes hold no database', async () => {
    const { uploadOf } = scene();
    const markers = [{ volume: 'data', anyOf: ['geth/chaindata/CURRENT'] }];
    expect(await failure(uploadOf('job-1', { markers }))).toMatchObject({ code: 'EmptyBackup' });
    expect(objects('snapshots')).toEqual([]);
  });

  it('when the bucket is missing, and creates none', async () => {
    const { uploadOf } = scene('no-such-bucket');
    expect(await failure(uploadOf('job-1'))).toMatchObject({ code: 'BucketMissing' });
    expect(readdirSync(storage)).not.toContain('no-such-bucket');
  });

  it('when the access key is refused', async () => {
    const { uploadOf } = scene();
    credentials({ secret: 'another-secret' });
    expect(await failure(uploadOf('job-1'))).toMatchObject({ code: 'StorageDenied' });
  });

  it('when the password of the repository is another one', async () => {
    const { uploadOf, downloadOf, target } = scene();
    await perform(uploadOf('job-1'), quiet());
    credentials({ password: 'password-2' });
    expect(await failure(uploadOf('job-2'))).toMatchObject({ code: 'WrongPassword' });
    const to = target();
    expect(await failure(downloadOf(to))).toMatchObject({ code: 'WrongPassword', swapped: false });
    expect(readFileSync(join(to, 'old'), 'utf8')).toBe('old data');
  });

  it('when the snapshot is of another chain or network, or is missing, and leaves the data as it is', async () => {
    const { uploadOf, downloadOf, target } = scene();
    const to = target();
    expect(await failure(downloadOf(to))).toMatchObject({ code: 'RepositoryMissing' });
    await perform(uploadOf('job-1'), quiet());
    const before = picture(to);
    for (const [more, code] of [
      [{ expect: { chain: 'bitcoin' } }, 'WrongChain'],
      [{ expect: { chain: 'cometbft', network: 'main' } }, 'WrongNetwork'],
      [{ expect: { ...EXPECT, manifestSha256: '0'.repeat(64) } }, 'ManifestMismatch'],
      [{ snapshot: 'deadbeef' }, 'SnapshotMissing'],
    ] as const)
      expect(await failure(downloadOf(to, more))).toMatchObject({ code, swapped: false });
    expect(picture(to)).toEqual(before);
  });

  it('never with the access key or the password in a message or a line of the log', async () => {
    const { uploadOf } = scene();
    const said: string[] = [];
    const context = quiet({ say: (line) => void said.push(line) });
    said.push(JSON.stringify(await perform(uploadOf('job-1'), context)));
    credentials({ secret: 'wrong-secret-key' });
    said.push(String(await perform(uploadOf('job-2'), context).catch((error: unknown) => error)));
    expect(said.join('\n')).not.toMatch(/secret-key|password-1/);
  });
});

describe('a restore from object storage', { timeout: 180_000 }, () => {
  it('leaves old data or new data wherever it is killed, and the same request finishes it', async () => {
    const { source, uploadOf, downloadOf, target } = scene();
    await perform(uploadOf('job-1'), quiet());
    const whole = await spawnVerb(downloadOf(target()));
    expect(whole.result).toMatchObject({ ok: true });
    const seen = ['fetched', 'journal:old-out', 'journal:new-in'].map((step) => whole.steps.indexOf(step) + 1);
    expect(Math.min(...seen)).toBeGreaterThan(0);
    for (const step of seen) {
      const to = target();
      await spawnVerb(downloadOf(to, { id: `kill-${step}` }), step);
      const again = await spawnVerb(downloadOf(to, { id: `kill-${step}` }));
      expect(again.result, `killed after ${whole.steps[step - 1]}`).toMatchObject({ ok: true, swapped: true });
      expect(picture(to)).toEqual(picture(source));
      rmSync(to, { recursive: true });
    }
  });
});

describe('retention in object storage', { timeout: 180_000 }, () => {
  it('removes what the rule of the schedule does not keep, and nothing of others', async () => {
    const { at, repository, uploadOf } = scene();
    const retain = (uid: string, schedule?: string) => perform(uploadOf(uid, { schedule }), quiet());
    const old = await retain('run-1', 'test/nightly');
    const byHand = await retain('by-hand');
    const other = await retain('other-1', 'test/weekly');
    const newer = await retain('run-2', 'test/nightly');
    const parameters = { verb: 'retain', repository, at, keep: { last: 1, daily: 0, weekly: 0 } };
    const result = await perform(RetainParameters.parse({ ...parameters, schedule: 'test/nightly' }), quiet());
    expect(result.message).toBe(`removed ${old.snapshotId?.slice(0, 8)}; 1 snapshots are kept`);
    const left = [byHand, other, newer].map(({ snapshotId }) => snapshotId ?? '');
    expect(new Set(result.snapshotsLeft)).toEqual(new Set(left.map((id) => id.slice(0, 16))));
    expect(new Set(objects('snapshots'))).toEqual(new Set(left));
    expect(objects('locks')).toEqual([]);
    const again = await perform(RetainParameters.parse({ ...parameters, schedule: 'test/nightly' }), quiet());
    expect(again.message).toBe('removed none; 1 snapshots are kept');
  });
});
