// A large object costs time, not memory: a commit can hold one that is small on the wire.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, it } from 'vitest';

import { commitFiles, git, moveBranch } from '../support/git-repo.ts';
import { makeWorld, temporaryFolder } from './world.ts';

const MEGABYTE = 1024 * 1024;
const SOURCE = join(import.meta.dirname, '../../src/git/source.ts');

/** What a process of its own says about fetching `main` and reading every file, and the most memory it had, in bytes. */
async function fetchInProcess(
  url: string,
  directory: string,
): Promise<{ readonly said: string; readonly peak: number }> {
  const code = `
    import { readFileSync } from 'node:fs';
    import { createGitSource } from '${SOURCE}';
    const source = createGitSource({ url: '${url}', directory: '${directory}' });
    const said = [];
    const tip = await source.fetch('main', new AbortController().signal);
    for (const { path, oid } of await source.list(tip))
      said.push(path + ': ' + (await source.read(oid).then((content) => content.length, (error) => error.code)));
    await source.close();
    // Not resourceUsage(): its figure is inherited from the process that forks.
    const [, peak] = /VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'));
    console.log(JSON.stringify({ said: said.join(', '), peak: peak * 1024 }));`;
  // Not synchronous: the Git server runs in this process.
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]);
  return JSON.parse(stdout);
}

// Node.js collects the buffers of a stream when 64 MB of them have come together; the old way took 400 MB and more.
it('fetches 400 MB of zeros in bounded memory, refuses to read them, and goes back with the branch', async () => {
  const world = await makeWorld();
  git(world.repo, ['config', 'core.bigFileThreshold', '1m']);
  const before = commitFiles(world.repo, { 'a.yaml': 'a: 1\n' });
  const small = await fetchInProcess(world.url, temporaryFolder());
  expect(small.said).toBe('a.yaml: 5');

  commitFiles(world.repo, { 'zeros.yaml': Buffer.alloc(400 * MEGABYTE) });
  const directory = temporaryFolder();
  const large = await fetchInProcess(world.url, directory);
  expect(large.said).toBe('a.yaml: 5, zeros.yaml: FILE_TOO_LARGE');
  expect((large.peak - small.peak) / MEGABYTE).toBeLessThan(100);

  moveBranch(world.repo, 'main', before);
  expect((await fetchInProcess(world.url, directory)).said).toBe('a.yaml: 5');
});
