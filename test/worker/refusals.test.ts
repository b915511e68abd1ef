// What must end with a clear reason and the data as it was.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { expect, it, onTestFinished } from 'vitest';

import { copy } from '../../src/worker/backup/copy.ts';
import { MANIFEST_NAME } from '../../src/worker/manifest/manifest.ts';
import { restore } from '../../src/worker/restore/restore.ts';
import { verify } from '../../src/worker/restore/verify.ts';
import { NOT_ROOT } from '../support/not-root.ts';
import { runVerbAsOtherUser } from './support/other-user.ts';
import { copyParams, ORIGIN, quiet, restoreParams, verifyParams } from './support/params.ts';
import { picture, tempDir } from './support/tree.ts';

interface Scene {
  readonly dir: string;
  readonly manifest: string;
  /** A file of the backup. */
  readonly stored: (path: string) => string;
  readonly target: string;
}

async function scene(): Promise<Scene> {
  const dir = tempDir();
  mkdirSync(join(dir, 'source', 'data'), { recursive: true });
  mkdirSync(join(dir, 'target'));
  writeFileSync(join(dir, 'source', 'data', 'CURRENT'), 'MANIFEST-000001\n');
  writeFileSync(join(dir, 'source', 'data', 'a.sst'), 'x'.repeat(5000));
  symlinkSync('CURRENT', join(dir, 'source', 'data', 'link'));
  writeFileSync(join(dir, 'target', 'precious'), 'old data');
  await copy(copyParams(join(dir, 'source'), join(dir, 'backup')), quiet());
  const stored = (path: string): string => join(dir, 'backup', 'volumes', 'data', path);
  return { dir, manifest: join(dir, 'backup', MANIFEST_NAME), stored, target: join(dir, 'target') };
}

function edit(path: string, from: string | RegExp, to: string): void {
  const text = readFileSync(path, 'utf8');
  expect(text).toMatch(from);
  writeFileSync(path, text.replace(from, to));
}

const FOOT_ONE_LESS = /"files":2/;

const damages: { because: string; damage: (scene: Scene) => void; code: string; reason: RegExp }[] = [
  {
    because: 'one byte of a file is another',
    damage: ({ stored }) => edit(stored('data/a.sst'), /^x/, 'y'),
    code: 'ContentDiffers',
    reason: /data\/data\/a\.sst has another content/,
  },
  {
    because: 'a file is shorter',
    damage: ({ stored }) => truncateSync(stored('data/a.sst'), 4999),
    code: 'ContentDiffers',
    reason: /another size/,
  },
  {
    because: 'a file has grown',
    damage: ({ stored }) => writeFileSync(stored('data/a.sst'), 'x'.repeat(5001)),
    code: 'ContentDiffers',
    reason: /another size/,
  },
  {
    because: 'a file is missing',
    damage: ({ stored }) => rmSync(stored('data/CURRENT')),
    code: 'ContentDiffers',
    reason: /CURRENT is missing/,
  },
  {
    because: 'a file was replaced by a link to a secret',
    damage: ({ stored }) => {
      rmSync(stored('data/CURRENT'));
      symlinkSync('/etc/shadow', stored('data/CURRENT'));
    },
    code: 'ContentDiffers',
    reason: /can't be read/,
  },
  {
    because: 'a directory was replaced by a link',
    damage: ({ stored }) => {
      rmSync(stored('data'), { recursive: true });
      symlinkSync('/etc', stored('data'));
    },
    code: 'ContentDiffers',
    reason: /is no directory/,
  },
  {
    because: 'a link points elsewhere',
    damage: ({ stored }) => {
      rmSync(stored('data/link'));
      symlinkSync('/etc/passwd', stored('data/link'));
    },
    code: 'ContentDiffers',
    reason: /link points elsewhere/,
  },
  {
    because: 'the manifest names a path outside',
    damage: ({ manifest }) => edit(manifest, '"path":"data/CURRENT"', '"path":"../CURRENT"'),
    code: 'ManifestUnreadable',
    reason: /has the part "\.\."/,
  },
  {
    because: 'the manifest hides a path outside in escapes',
    damage: ({ manifest }) => edit(manifest, '"path":"data/CURRENT"', '"path":"%2E%2E/CURRENT"'),
    code: 'ManifestUnreadable',
    reason: /misspelled/,
  },
  {
    because: 'the manifest puts a file below a link',
    damage: ({ manifest }) =>
      edit(manifest, /"type":"dir","mode":"\d+",(.*)\n(.*CURRENT)/, '"type":"symlink","target":"/etc",$1\n$2'),
    code: 'ManifestUnreadable',
    reason: /no directory of this manifest/,
  },
  {
    because: 'an entry was taken out',
    damage: ({ manifest }) => edit(manifest, /.*a\.sst.*\n/, ''),
    code: 'ManifestUnreadable',
    reason: /totals are not those of its entries/,
  },
  {
    because: 'the totals do not fit',
    damage: ({ manifest }) => edit(manifest, FOOT_ONE_LESS, '"files":1'),
    code: 'ManifestUnreadable',
    reason: /totals/,
  },
  {
    because: 'the manifest was cut off',
    damage: ({ manifest }) => truncateSync(manifest, 600),
    code: 'ManifestUnreadable',
    reason: /end is missing/,
  },
  {
    because: 'the format is newer',
    damage: ({ manifest }) => edit(manifest, 'nodewright-backup/1', 'nodewright-backup/2'),
    code: 'UnknownFormat',
    reason: /nodewright-backup\/2.*knows nodewright-backup\/1/,
  },
  {
    because: 'there is no manifest',
    damage: ({ manifest }) => rmSync(manifest),
    code: 'SourceMissing',
    reason: /no whole backup/,
  },
  {
    because: 'the backup is gone',
    damage: ({ dir }) => rmSync(join(dir, 'backup'), { recursive: true }),
    code: 'SourceMissing',
    reason: /does not exist/,
  },
  {
    because: 'the backup is a link',
    damage: ({ dir }) => {
      execFileSync('mv', [join(dir, 'backup'), join(dir, 'elsewhere')]);
      symlinkSync('elsewhere', join(dir, 'backup'));
    },
    code: 'UnsafePath',
    reason: /links are not followed/,
  },
  {
    because: 'the backup is of another chain',
    damage: ({ manifest }) => edit(manifest, '"chain":"cometbft"', '"chain":"ethereum"'),
    code: 'WrongChain',
    reason: /of chain ethereum, the node's is cometbft/,
  },
  {
    because: 'the backup is of another network',
    damage: ({ manifest }) => edit(manifest, '"network":"test-1"', '"network":"test-2"'),
    code: 'WrongNetwork',
    reason: /test-2/,
  },
];

it.each(damages)('verify and restore refuse when $because', async ({ damage, code, reason }) => {
  const here = await scene();
  damage(here);
  const before = picture(here.target);
  const backup = join(here.dir, 'backup');
  const refusal = expect.objectContaining({ code, message: expect.stringMatching(reason) });
  await expect(verify(verifyParams(backup), quiet())).rejects.toEqual(refusal);
  await expect(restore(restoreParams(backup, here.target), quiet())).rejects.toEqual(refusal);
  expect(picture(here.target)).toEqual(before);
});

it('refuses a manifest that is not the recorded one, even when it is sound', async () => {
  const { dir, target } = await scene();
  const expectation = { chain: 'cometbft', network: 'test-1', manifestSha256: '0'.repeat(64) };
  const request = restoreParams(join(dir, 'backup'), target, { expect: expectation });
  await expect(restore(request, quiet())).rejects.toMatchObject({ code: 'ManifestMismatch' });
  expect(picture(target)).toEqual(picture(target, /^\.nodewright/));
});

it('reports a file too many and does not restore it', async () => {
  const { dir, stored, target } = await scene();
  writeFileSync(stored('data/planted'), 'x');
  const checked = await verify(verifyParams(join(dir, 'backup')), quiet());
  expect(checked).toMatchObject({ extra: 1, extraSample: [{ volume: 'data', path: 'data/planted' }] });
  await restore(restoreParams(join(dir, 'backup'), target), quiet());
  expect(existsSync(join(target, 'data', 'planted'))).toBe(false);
  expect(existsSync(join(target, 'data', 'a.sst'))).toBe(true);
});

it('never writes through a link in the path of the destination', async () => {
  const { dir } = await scene();
  mkdirSync(join(dir, 'outside'));
  symlinkSync('outside', join(dir, 'way'));
  const through = copyParams(join(dir, 'source'), join(dir, 'way', 'backup'));
  await expect(copy(through, quiet())).rejects.toMatchObject({ code: 'UnsafePath' });
  const target = restoreParams(join(dir, 'backup'), join(dir, 'way'));
  await expect(restore(target, quiet())).rejects.toMatchObject({ code: 'UnsafePath' });
  expect(picture(join(dir, 'outside'))).toEqual({});
});

it('refuses a name that another backup has taken', async () => {
  const { dir } = await scene();
  const other = copyParams(join(dir, 'source'), join(dir, 'backup'), { origin: { ...ORIGIN, uid: 'backup-2' } });
  const before = picture(join(dir, 'backup'));
  await expect(copy(other, quiet())).rejects.toMatchObject({ code: 'NameTaken' });
  expect(picture(join(dir, 'backup'))).toEqual(before);
});

/** A filesystem of its own, small enough to fill. */
function smallDisk(size: string): string {
  const mount = tempDir();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', mount]);
  onTestFinished(() => void execFileSync('umount', ['-l', mount]));
  return mount;
}

it.skipIf(NOT_ROOT)('finds out before it starts that there is no room', async () => {
  const { dir } = await scene();
  writeFileSync(join(dir, 'source', 'large'), 'x'.repeat(3 << 20));
  const disk = smallDisk('3m');
  const tooLarge = copyParams(join(dir, 'source'), join(disk, 'backup'));
  await expect(copy(tooLarge, quiet())).rejects.toMatchObject({ code: 'NoSpace', message: /needed.*free/ });
  expect(picture(disk)).toEqual({});
  await copy(copyParams(join(dir, 'source'), join(dir, 'large')), quiet());
  writeFileSync(join(disk, 'precious'), 'old');
  const before = picture(disk);
  await expect(restore(restoreParams(join(dir, 'large'), disk), quiet())).rejects.toMatchObject({ code: 'NoSpace' });
  expect(picture(disk)).toEqual(before);
});

it.skipIf(NOT_ROOT).each(['copy', 'restore'])(
  '%s: a disk that fills up meanwhile leaves things as they were',
  async (verb) => {
    const { dir } = await scene();
    for (let index = 0; index < 200; index++) writeFileSync(join(dir, 'source', `f${index}`), 'x'.repeat(20_000));
    await copy(copyParams(join(dir, 'source'), join(dir, 'larger')), quiet());
    const disk = smallDisk('8m');
    writeFileSync(join(disk, 'precious'), 'old');
    let steps = 0;
    const fill = quiet({
      onStep: (step) => {
        if (step !== 'file' || (steps += 1) !== 1) return;
        execFileSync('sh', ['-c', `head -c 8m /dev/zero > ${join(disk, 'hog')} || true`], { stdio: 'ignore' });
      },
    });
    const run =
      verb === 'copy'
        ? copy(copyParams(join(dir, 'source'), join(disk, 'backup')), fill)
        : restore(restoreParams(join(dir, 'larger'), disk), fill);
    await expect(run).rejects.toMatchObject({ code: 'DiskFull', message: /the volume is full/ });
    rmSync(join(disk, 'hog'));
    expect(Object.keys(picture(disk))).toEqual(['precious']);
  },
);

it('refuses a volume that changes under a node said to be stopped, and lists it when it may run', async () => {
  const { dir } = await scene();
  const log = join(dir, 'source', 'zz.log');
  writeFileSync(log, 'first line\n');
  let lines = 0;
  const writing = (): ReturnType<typeof quiet> => quiet({ onStep: () => writeFileSync(log, `line ${(lines += 1)}\n`) });
  // Many files before it, so that its directory has been read long before its turn comes.
  for (let index = 0; index < 2000; index++) writeFileSync(join(dir, 'source', `f${index}`), '');
  const request = copyParams(join(dir, 'source'), join(dir, 'again'));
  await expect(copy(request, writing())).rejects.toMatchObject({ code: 'SourceChanged', message: /data\/zz\.log/ });
  expect(existsSync(join(dir, 'again'))).toBe(false);
  const live = await copy({ ...request, origin: { ...ORIGIN, live: true } }, writing());
  expect(live).toMatchObject({ changed: 1, changedSample: [{ path: 'zz.log', why: 'was written to' }] });
  expect(await verify(verifyParams(join(dir, 'again')), quiet())).toMatchObject({ ok: true, extra: 0 });
});

it.skipIf(NOT_ROOT)('says what is missing when it may not read', () => {
  const dir = tempDir();
  mkdirSync(join(dir, 'source', 'closed'), { recursive: true });
  chmodSync(join(dir, 'source', 'closed'), 0);
  chmodSync(dir, 0o777);
  const request = copyParams(join(dir, 'source'), join(dir, 'backup'));
  const text = runVerbAsOtherUser(tempDir(), request);
  expect(JSON.parse(text.slice(text.indexOf('result ') + 7))).toMatchObject({ ok: false, code: 'NotPermitted' });
});
