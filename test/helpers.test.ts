// What tests of real pods rely on: waits that do not end early, and a controller that runs again after each end.

import { spawnSync } from 'node:child_process';

import { expect, it } from 'vitest';

import { waitFor } from './demo/wait-for.ts';
import { startKiller } from './pods/kill-points.ts';

it('a wait ends with neither undefined nor false', async () => {
  const answers: readonly (string | false | undefined)[] = [undefined, false, 'found'];
  let asked = 0;
  const found = await waitFor({ what: 'an answer', timeoutMs: 10_000, everyMs: 1 }, async () => {
    return await Promise.resolve(answers[asked++]);
  });
  expect([found, asked]).toEqual(['found', 3]);
});

it('a killed controller is started again, and one that ended by itself too', async () => {
  const happened: string[] = [];
  let end: () => void = () => undefined;
  let ended = Promise.resolve();
  let reach: (key: string, stage: string) => void = () => undefined;
  const begin = async (): Promise<void> => {
    happened.push('start');
    ended = new Promise((resolve) => (end = resolve));
    await Promise.resolve();
  };
  await begin();
  const killer = startKiller({
    onStage: (listener) => void (reach = listener),
    object: () => undefined,
    kill: async () => {
      happened.push('kill');
      end();
      await ended;
    },
    exited: async () => await ended,
    start: begin,
    lastLog: async () => await Promise.resolve(''),
  });
  killer.aimAt('Backup', 'a', ['Claimed', 'Stopping']);
  reach('Backup/a', 'Claimed');
  await expect.poll(() => happened).toEqual(['start', 'kill', 'start']);
  happened.push('ends by itself');
  end();
  await expect.poll(() => happened).toEqual(['start', 'kill', 'start', 'ends by itself', 'start']);
  reach('Backup/a', 'Stopping');
  await killer.isDone('Backup', 'a');
  expect(happened.slice(5)).toEqual(['kill', 'start']);
  end();
  await expect.poll(() => happened.slice(7)).toEqual(['start']);
  await killer.close();
  end();
  await ended;
  expect(happened.slice(8)).toEqual([]);
});

it.each([
  { args: ['--help'], code: 0, out: /^Usage: npm run cluster/, err: /^$/ },
  { args: ['nonsense'], code: 2, out: /^$/, err: /^error: unknown command "nonsense"\n/ },
  { args: ['up', '--nonsense'], code: 2, out: /^$/, err: /^error: .*--nonsense/ },
])('the command line of clusters answers $args with a text, not with a stack trace', ({ args, code, out, err }) => {
  const cli = new URL('cluster/cli.ts', import.meta.url).pathname;
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8' });
  expect(status).toBe(code);
  expect(stdout).toMatch(out);
  expect(stderr).toMatch(err);
  expect(stdout + stderr).not.toMatch(/^ +at /m);
});
