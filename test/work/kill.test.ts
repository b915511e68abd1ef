// Killed after any step and run again: old data or new data, never a mix, and never a half backup that looks whole.

import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { copy } from '../../src/work/copy.ts';
import { restore } from '../../src/work/restore.ts';
import { verify } from '../../src/work/verify.ts';
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
  const params = (): object => restoreParams(at('backup'), freshTarget(at), {}, { removeOld: true });
  const undisturbed = await spawnVerb('restore', params());
  expect(undisturbed.result).toMatchObject({ ok: true });
  const seen = new Set<string>();
  for (let step = 1; step <= undisturbed.steps.length; step++) {
    const again = params();
    const killed = await spawnVerb('restore', again, step);
    expect(killed).toMatchObject({ signal: 'SIGKILL', result: undefined });
    const last = killed.steps.at(-1) ?? '';
    seen.add(last.replace(/:.*/, ''));
    expectNoMix(picture(at('target'), NOT_DATA), before, after);
    expect((await spawnVerb('restore', again)).result, `after ${last}`).toMatchObject({ ok: true, oldKept: false });
    expect(picture(at('target')), `after ${last}`).toEqual(after);
  }
  expect(seen).toEqual(new Set(['file', 'journal', 'out', 'in']));
});

/** Entries at the top belong all to the old data or all to the new; fewer than all is the moment between. */
function expectNoMix(found: object, before: object, after: object): void {
  const isOld = Object.entries(found).every(([path, what]) => Reflect.get(before, path) === what);
  expect(isOld ? before : after).toMatchObject(found);
}

it('rollback after a kill at every step brings the old data back', { timeout: 180_000 }, async () => {
  const { at, before } = await scene();
  const params = (): object => restoreParams(at('backup'), freshTarget(at));
  const { steps } = await spawnVerb('restore', params());
  for (let step = 1; step <= steps.length; step++) {
    await spawnVerb('restore', params(), step);
    const back = { id: 'restore-1', volumes: [{ name: 'data', path: at('target') }] };
    // The rollback is killed as well, once, at a step that moves with the outer one.
    await spawnVerb('rollback', back, 1 + (step % 7));
    expect((await spawnVerb('rollback', back)).result).toMatchObject({ ok: true });
    expect(picture(at('target')), `after ${steps[step - 1]}`).toEqual(before);
  }
});

it('copy: every step', { timeout: 180_000 }, async () => {
  const { at } = await scene();
  const { steps } = await spawnVerb('copy', copyParams(at('new'), at('probe')));
  expect(steps).toEqual(['file', 'file', 'file', 'manifest', 'flushed', 'renamed']);
  for (let step = 1; step <= steps.length; step++) {
    const params = copyParams(at('new'), at(`copy-${step}`));
    expect((await spawnVerb('copy', params, step)).signal).toBe('SIGKILL');
    expect(existsSync(at(`copy-${step}`))).toBe(steps[step - 1] === 'renamed');
    const again = await spawnVerb('copy', params);
    expect(again.result).toMatchObject({ ok: true, files: 3, alreadyDone: steps[step - 1] === 'renamed' });
    expect(await verify(verifyParams(at(`copy-${step}`)), quiet())).toMatchObject({ ok: true, extra: 0 });
    expect(existsSync(at(`copy-${step}.partial`))).toBe(false);
  }
});

it('a second volume that was not exchanged yet is exchanged by the next run', { timeout: 120_000 }, async () => {
  const { at, before, after } = await scene();
  const volumes = (where: string): object[] => ['one', 'two'].map((name) => ({ name, path: at(`${where}-${name}`) }));
  for (const name of ['new-one', 'new-two']) {
    mkdirSync(at(name));
    plant(at(name), NEW);
  }
  await copy(copyParams('/unused', at('both'), { sources: volumes('new') }), quiet());
  const params = (): object => {
    for (const name of ['target-one', 'target-two']) {
      rmSync(at(name), { recursive: true, force: true });
      mkdirSync(at(name));
      plant(at(name), OLD);
    }
    return restoreParams(at('both'), '/unused', {}, { volumes: volumes('target') });
  };
  const { steps } = await spawnVerb('restore', params());
  for (let step = steps.indexOf('journal:staged'); step <= steps.length; step++) {
    const again = params();
    await spawnVerb('restore', again, step);
    for (const name of ['target-one', 'target-two']) expectNoMix(picture(at(name), NOT_DATA), before, after);
    expect((await spawnVerb('restore', again)).result).toMatchObject({ ok: true, oldKept: true });
    for (const name of ['target-one', 'target-two']) expect(picture(at(name), NOT_DATA)).toEqual(after);
  }
});

it('SIGTERM stops a copy cleanly, and the next run is whole', { timeout: 60_000 }, async () => {
  const { at } = await scene();
  mkdirSync(at('many'));
  for (let index = 0; index < 3000; index++) writeFileSync(join(at('many'), `f${index}`), 'x'.repeat(2000));
  const params = copyParams(at('many'), at('stopped'));
  let sent = false;
  const stopped = await spawnVerb('copy', params, 0, (line, child) => {
    if (!sent && line === 'step file') sent = child.kill('SIGTERM');
  });
  expect(stopped).toMatchObject({ signal: null, result: { ok: false, code: 'interrupted' } });
  expect(existsSync(at('stopped'))).toBe(false);
  expect((await spawnVerb('copy', params)).result).toEqual(
    expect.objectContaining({ ok: true, files: 3000, alreadyDone: false }),
  );
});

it('another job refuses a volume on which a restore stopped half-way', { timeout: 60_000 }, async () => {
  const { at, after } = await scene();
  const params = restoreParams(at('backup'), freshTarget(at));
  const { steps } = await spawnVerb('restore', params);
  const half = restoreParams(at('backup'), freshTarget(at));
  await spawnVerb('restore', half, steps.indexOf('journal:old-out') + 2);
  const other = { ...half, id: 'restore-2' };
  await expect(restore(other, quiet())).rejects.toMatchObject({ code: 'restore-unfinished' });
  const backup = copyParams(at('target'), at('other'));
  await expect(copy(backup, quiet())).rejects.toMatchObject({ code: 'restore-unfinished' });
  await restore(half, quiet());
  expect(picture(at('target'), NOT_DATA)).toEqual(after);
  const finish = { id: 'restore-1', volumes: [{ name: 'data', path: at('target') }] };
  expect((await spawnVerb('finish', finish)).result).toMatchObject({ ok: true, settled: ['data'] });
  expect(readdirSync(at('target')).filter((name) => name.startsWith('.'))).toEqual([]);
});
