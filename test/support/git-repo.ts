// Bare repositories for tests and the demo, changed with the git command: commits, moved and deleted branches, hooks.

import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** An environment in which no setting of the machine's user reaches git. */
export const GIT_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  LC_ALL: 'C',
};

export interface RepoOptions {
  readonly objectFormat?: 'sha1' | 'sha256';
  /** More settings, for example `{ 'receive.denyNonFastForwards': 'true' }`. */
  readonly config?: Readonly<Record<string, string>>;
}

/** Makes an empty bare repository whose HEAD is `main`, readable and pushable over HTTP. */
export function createBareRepo(path: string, options: RepoOptions = {}): string {
  const format = options.objectFormat ?? 'sha1';
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', `--object-format=${format}`, path], {
    env: GIT_ENVIRONMENT,
  });
  const settings = { 'http.receivepack': 'true', 'gc.auto': '0', 'receive.autogc': 'false', ...options.config };
  for (const [key, value] of Object.entries(settings)) git(path, ['config', key, value]);
  return path;
}

/** Runs git in a bare repository and gives what it printed, trimmed. Throws when git fails. */
export function git(repo: string, args: readonly string[], input?: string | Buffer): string {
  return execFileSync('git', ['-C', repo, ...args], {
    env: GIT_ENVIRONMENT,
    input: input ?? '',
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['pipe', 'pipe', 'pipe'],
  }).trim();
}

/** A file's text, null to remove it, or an entry of another kind. */
export type FileChange =
  | string
  | Buffer
  | null
  | { readonly symlink: string }
  | { readonly submodule: string }
  | { readonly executable: string };

export interface CommitOptions {
  /** Default: `main`. */
  readonly branch?: string;
  readonly message?: string;
  /** `Name <email>`. */
  readonly author?: string;
  /** Seconds since the epoch. */
  readonly at?: number;
  /** `none` starts a history of its own (and forces the branch there); otherwise the branch's tip is the parent. */
  readonly parent?: 'none' | (string & {});
  /** Drop every file that `changes` does not name. */
  readonly replaceAll?: boolean;
}

let ticks = 1_700_000_000;

/** Commits changes on top of a branch (made when missing) in one process, also thousands of files; gives the commit id. */
export function commitFiles(
  repo: string,
  changes: Readonly<Record<string, FileChange>>,
  options: CommitOptions = {},
): string {
  const { branch = 'main' } = options;
  const parent = parentFor(repo, branch, options.parent);
  const author = options.author ?? 'Test <test@example.com>';
  const at = options.at ?? ++ticks;
  const message = Buffer.from(options.message ?? 'change');
  const parts: (string | Buffer)[] = [
    // fast-import knows nothing of the branch's old tip: without `from` the commit is an orphan.
    `commit refs/heads/${branch}\nmark :1\nauthor ${author} ${at} +0000\ncommitter ${author} ${at} +0000\n`,
    `data ${message.length}\n`,
    message,
    '\n',
    parent === undefined ? '' : `from ${parent}\n`,
    options.replaceAll === true ? 'deleteall\n' : '',
  ];
  for (const [path, change] of Object.entries(changes)) parts.push(...instruction(path, change));
  parts.push('get-mark :1\n');
  return git(repo, ['fast-import', '--force', '--quiet'], Buffer.concat(parts.map((part) => Buffer.from(part))));
}

function parentFor(repo: string, branch: string, parent: CommitOptions['parent']): string | undefined {
  return parent === 'none' ? undefined : (parent ?? tipOf(repo, branch));
}

/** The commit a branch points to, or undefined. */
export function tipOf(repo: string, branch: string): string | undefined {
  const line = git(repo, ['for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`]);
  return line === '' ? undefined : line;
}

/** Moves a branch to any commit, as a forced push would. */
export function moveBranch(repo: string, branch: string, commit: string): void {
  git(repo, ['update-ref', `refs/heads/${branch}`, commit]);
}

export function deleteBranch(repo: string, branch: string): void {
  git(repo, ['update-ref', '-d', `refs/heads/${branch}`]);
}

/** Installs a hook: a shell script without its first line. */
export function installHook(repo: string, name: 'pre-receive' | 'update' | 'post-receive', script: string): void {
  const path = join(repo, 'hooks', name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

function instruction(path: string, change: FileChange): (string | Buffer)[] {
  const name = `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
  if (change === null) return [`D ${name}\n`];
  if (typeof change === 'string' || Buffer.isBuffer(change)) return inline('100644', name, Buffer.from(change));
  if ('symlink' in change) return inline('120000', name, Buffer.from(change.symlink));
  if ('executable' in change) return inline('100755', name, Buffer.from(change.executable));
  return [`M 160000 ${change.submodule} ${name}\n`];
}

function inline(mode: string, name: string, data: Buffer): (string | Buffer)[] {
  return [`M ${mode} inline ${name}\ndata ${data.length}\n`, data, '\n'];
}
