// What `run` refuses when it starts, because it could only fail later or would protect nothing.

import { expect, it, vi } from 'vitest';

import { runCommand } from '../demo/run-command.ts';

vi.setConfig({ testTimeout: 60_000 });

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const repo = ['--repo', 'https://git.example.com/a'];
const image = ['--image', 'images.example.com/nodewright:1'];
const full = [...repo, ...image];

interface Row {
  readonly because: string;
  readonly args: readonly string[];
  readonly env?: readonly string[];
  readonly says: string;
}

const NO_IMAGE = 'That is no image reference. Write it like "registry.example/';
const NO_URL = 'without spaces, query or fragment';
const IMAGES = ['Foo:x', 'images.example.com/Us', 'a b', 'a:', 'a@sha256:1', 'https://a/b', '-a', 'a'.repeat(600)];

const rows: readonly Row[] = [
  ...IMAGES.map((text) => ({ because: `the image ${text}`, args: [...repo, `--image=${text}`], says: NO_IMAGE })),
  { because: 'a variable with such an image', args: repo, env: ['NODEWRIGHT_IMAGE=Foo:x'], says: NO_IMAGE },
  { because: 'a reserved Secret that cannot exist', args: [...full, '--reserved-secrets', 'a,B_c'], says: 'No Secret can be called "B_c"' },
  { because: 'HEAD as a branch', args: [...full, '--status-branch', 'HEAD'], says: 'Give the name of a branch' },
  { because: 'a repository with a query', args: [...image, '--repo', 'https://git.example.com/a?b=c'], says: NO_URL },
  { because: 'a repository with a line break', args: [...image, '--repo', 'https://git.example.com/a\nb'], says: NO_URL },
  { because: 'a user with a colon', args: [...full, '--git-username', 'a:b'], says: 'a user name without ":"' },
  { because: 'an installation that is a path', args: [...full, '--git-app-installation-id', '../1'], says: 'Give an id of letters and digits' },
]; // prettier-ignore

it.each(rows)('refuses $because', async ({ args, env = [], says }) => {
  const command = ['-i', ...env, process.execPath, MAIN, 'run', '--executor', 'a', '--listen', '0', ...args];
  const { code, stderr } = await runCommand('/usr/bin/env', command, { accept: [0, 1, 2], timeoutMs: 60_000 });
  expect(stderr).toContain(says);
  expect({ code, trace: /\n\s+at |node:internal/.test(stderr) }).toEqual({ code: 2, trace: false });
});

it.each(['a', 'nodewright:1', 'Host.example:5000/us/nodewright@sha256:'.concat('a'.repeat(64)), '[::1]:5000/a__b'])(
  'takes the image %s',
  async (text) => {
    const command = ['-i', process.execPath, MAIN, 'run', '--executor', 'a', '--listen', '0', ...repo, '--image', text];
    const { stderr } = await runCommand('/usr/bin/env', command, { accept: [2], timeoutMs: 60_000 });
    expect(stderr).toContain('set KUBECONFIG');
  },
);
