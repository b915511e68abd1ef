// Killed after any step and run again: old data or new data, never a mix, and never a half backup that looks whole.

import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { copy } from '../../src/worker/backup/copy.ts';
import { restore } from '../../src/worker/restore/restore.ts';
import { verify } from '../../src/worker/restore/verify.ts';
import { copyParams, quiet, restoreParams, verifyParams } from './support/params.ts';
import { spawnVerb } from './support/spawn-verb.ts';
import { picture, plant, tempDir, type Plants } from './support/tree.ts';

const NOT_DATA = /^(lost\+found|\.nodewright-restore-.*)$/;

function file(content: string): Plants[string] {
  return { kind: 'file', content, mode: 0o640, uid: 1000 };
}

function dir(below: Plants): Plants[string] {
  return { kind: 'dir', mode: 0o750, uid: 1000, below };
}

const OLD: Plants = { both: file('old'), data: dir({ x: file('old x') }), gone: file('old only') };
const NEW: Plants = { both: file('new'), data: dir({ x: file('new x'), y: file('y') }), added: dir({}) };

async function scene(): Promise<{ at: (name: string) => string; before: object; after: object }> {
  const top = tempDir();
  const at = (name: string): string => join(top, name);
  for (const [name, tree] of [
    ['old', OLD],
    ['new', NEW],
  ] as const) {
    mkdirSync(at(name));
    plant(at(name), tree);
  }
  await copy(copyParams(at('new'), at('backup')), quiet());
  return { at, before: picture(at('old')), after: picture(at('new')) };
}

/** A volume with the old data, as it is before a restore. */
function freshTarget(at: (name: string) => string): string {
  rmSync(at('target'), { recursive: true, force: true });
  mkdirSync(at('target'));
  plant(at('target'), OLD);
  return at('target');
}

it('restore: every step', { timeout: 180_000 }, async () => {
  const { at, before, after } = await scene();
  const params = (): object => restoreParams(at('backup'), freshTarget(at));
  const undisturbed = await spawnVerb(params());
  expect(undisturbed.result).toMatchObject({ ok: true });
  const seen = new Set<string>();
  for (let step = 1; step <= undisturbed.steps.length; step++) {
    const again = params();
    const killed = await spawnVerb(again, step);
    expect(killed).toMatchObject({ signal: 'SIGKILL', result: undefined });
    const last = killed.steps.at(-1) ?? '';
    seen.add(last.replace(/:.*/, ''));
    expectNoMix(picture(at('target'), NOT_DATA), before, after);
    expect((await spawnVerb(again)).result, `after ${last}`).toMatchObject({ ok: true, swapped: true });
    expect(picture(at('target')), `after ${last}`).toEqual(after);
  }
  expect(seen).toEqual(new Set(['file', 'journal', 'out', 'in']));
});

/** Entries at the top belong all to the old data or all to the new; fewer than all is the moment between. */
function expectNoMix(found: object, before: object, after: object): void {
  const isOld = Object.entries(found).every(([path, what]) => Reflect.get(before, path) === what);
  expect(isOld ? before : after).toMatchObject(found);
}

it(
  'another request undoes what was killed at any step, and is as good when it is killed as well',
  { timeout: 180_000 },
  async () => {
    const { at, before, after } = await scene();
    const first = (): object => restoreParams(at('backup'), freshTarget(at));
    const { steps } = await spawnVerb(first());
    for (let step = 1; step <= steps.length; step++) {
      await spawnVerb(first(), step);
      const second = restoreParams(at('backup'), at('target'), { id: 'restore-2' });
      // At a step that moves with the outer one.
      await spawnVerb(second, 1 + (step % 9));
      expectNoMix(picture(at('target'), NOT_DATA), before, after);
      expect((await spawnVerb(second)).result, `after ${steps[step - 1]}`).toMatchObject({ ok: true });
      expect(picture(at('target')), `after ${steps[step - 1]}`).toEqual(after);
    }
  },
);

it('a request that is refused says whether the data is whole', { timeout: 60_000 }, async () => {
  const { at } = await scene();
  const half = restoreParams(at('backup'), freshTarget(at));
  const wrong = (): object =>
    restoreParams(at('backup'), at('target'), { id: 'restore-2', expect: { chain: 'other' } });
  expect((await spawnVerb(wrong())).result).toMatchObject({ ok: false, code: 'WrongChain', swapped: false });
  const { steps } = await spawnVerb(half);
  await spawnVerb(restoreParams(at('backup'), freshTarget(at)), steps.indexOf('journal:old-out') + 2);
  expect((await spawnVerb(wrong())).result).toMatchObject({ ok: false, code: 'WrongChain', swapped: true });
});

it('copy: every step', { timeout: 180_000 }, async () => {
  const { at } = await scene();
  const { steps } = await spawnVerb(copyParams(at('new'), at('probe')));
  expect(steps).toEqual(['file', 'file', 'file', 'manifest', 'flushed', 'renamed']);
  for (let step = 1; step <= steps.length; step++) {
    const params = copyParams(at('new'), at(`copy-${step}`));
    expect((await spawnVerb(params, step)).signal).toBe('SIGKILL');
    expect(existsSync(at(`copy-${step}`))).toBe(steps[step - 1] === 'renamed');
    const again = await spawnVerb(params);
    expect(again.result).toMatchObject({ ok: true, files: 3 });
    expect(await verify(verifyParams(at(`copy-${step}`)), quiet())).toMatchObject({ ok: true, extra: 0 });
    expect(existsSync(at(`copy-${step}.partial`))).toBe(false);
  }
});

it('a second volume that was not exchanged yet is exchanged by the next run', { timeout: 120_000 }, async () => {
  const { at, before, after } = await scene();
  const volumes = (key: string, where: string): object[] =>
    ['one', 'two'].map((name) => ({ name, [key]: at(`${where}-${name}`) }));
  for (const name of ['new-one', 'new-two']) {
    mkdirSync(at(name));
    plant(at(name), NEW);
  }
  await copy(copyParams('/unused', at('both'), { volumes: volumes('from', 'new') }), quiet());
  const params = (): object => {
    for (const name of ['target-one', 'target-two']) {
      rmSync(at(name), { recursive: true, force: true });
      mkdirSync(at(name));
      plant(at(name), OLD);
    }
    return restoreParams(at('both'), '/unused', { volumes: volumes('to', 'target') });
  };
  const { steps } = await spawnVerb(params());
  for (let step = steps.indexOf('journal:staged'); step <= steps.length; step++) {
    const again = params();
    await spawnVerb(again, step);
    for (const name of ['target-one', 'target-two']) expectNoMix(picture(at(name), NOT_DATA), before, after);
    expect((await spawnVerb(again)).result).toMatchObject({ ok: true, swapped: true });
    for (const name of ['target-one', 'target-two']) expect(picture(at(name), NOT_DATA)).toEqual(after);
  }
});

it('SIGTERM stops a copy cleanly, and the next run is whole', { timeout: 60_000 }, async () => {
  const { at } = await scene();
  mkdirSync(at('many'));
  for (let index = 0; index < 3000; index++) writeFileSync(join(at('many'), `f${index}`), 'x'.repeat(2000));
  const params = copyParams(at('many'), at('stopped'));
  let sent = false;
  const stopped = await spawnVerb(params, 0, (line, child) => {
    if (!sent && line === 'step file') sent = child.kill('SIGTERM');
  });
  expect(stopped).toMatchObject({ signal: null, result: { ok: false, code: 'Interrupted' } });
  expect(existsSync(at('stopped'))).toBe(false);
  expect((await spawnVerb(params)).result).toEqual(expect.objectContaining({ ok: true, files: 3000 }));
});

it('a backup refuses a volume on which a restore stopped half-way', { timeout: 60_000 }, async () => {
  const { at, after } = await scene();
  const { steps } = await spawnVerb(restoreParams(at('backup'), freshTarget(at)));
  const half = restoreParams(at('backup'), freshTarget(at));
  await spawnVerb(half, steps.indexOf('journal:old-out') + 2);
  const backup = copyParams(at('target'), at('other'));
  await expect(copy(backup, quiet())).rejects.toMatchObject({ code: 'RestoreUnfinished' });
  await restore(half, quiet());
  expect(picture(at('target'))).toEqual(after);
});
