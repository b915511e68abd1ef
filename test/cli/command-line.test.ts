// The command line as users call it: a separate process, its exit code and its two outputs.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';

import { API_VERSION } from '../../src/api/group.ts';
import { type CommandResult, runCommand } from '../demo/run-command.ts';
import { GIT_ENVIRONMENT } from '../support/git-repo.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'nodewright-cli-'));
const fleet = join(folder, 'fleet');

async function nodewright(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
  const clean = { PATH: process.env['PATH'] ?? '', HOME: join(folder, 'home'), ...env };
  return await runCommand('/usr/bin/env', ['-i', ...pairs(clean), process.execPath, MAIN, ...args], {
    cwd: folder,
    accept: [0, 1, 2],
    timeoutMs: 60_000,
  });
}

function pairs(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}

function git(...args: readonly string[]): string {
  const author = ['-c', 'user.name=A person', '-c', 'user.email=person@example.com'];
  return execFileSync('git', ['-C', fleet, ...author, ...args], { env: GIT_ENVIRONMENT, encoding: 'utf8' }).trim();
}

function commitAll(message: string): string {
  git('add', '-A');
  git('commit', '-q', '-m', message);
  return git('rev-parse', 'HEAD');
}

/** A fresh folder with these files. */
function folderWith(files: Readonly<Record<string, string>>): string {
  const made = mkdtempSync(join(folder, 'tree-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(made, path, '..'), { recursive: true });
    writeFileSync(join(made, path), content);
  }
  return made;
}

const WIDE_POLICY = `apiVersion: validatoros.com/v1alpha1
kind: Policy
metadata: { name: wide }
spec: { namespaces: [prod, staging, 'team-*'], jobs: { foreignNamespaces: [other-tool] } }
`;

const EDITED = '  args:\n    el: { cache: "256" }\n';

beforeAll(async () => {
  mkdirSync(join(folder, 'home'));
  writeFileSync(join(folder, 'wide.yaml'), WIDE_POLICY);
  const made = await nodewright(['init', fleet]);
  if (made.code !== 0) throw new Error(made.stderr);
  git('init', '-q', '-b', 'main');
  commitAll('Start the fleet');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('init', () => {
  it('copies the whole template', () => {
    const template = new URL('../../repo-template', import.meta.url).pathname;
    const list = (root: string): string[] =>
      readdirSync(root, { recursive: true, encoding: 'utf8' })
        .filter((path) => path !== '.git' && !path.startsWith('.git/'))
        .sort();
    expect(list(fleet)).toEqual(list(template));
  });

  it('prints next steps that work in a checkout, and where the documentation is', async () => {
    const { stdout } = await nodewright(['init', join(folder, 'steps')]);
    const [command = ''] = stdout.split('\n').filter((text) => text.endsWith(' validate "$PWD"'));
    const PATH = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;
    const options = { cwd: join(folder, 'steps'), encoding: 'utf8', env: { ...process.env, PATH } } as const;
    expect(execFileSync('sh', ['-c', command], options)).toMatch(/^\d+ objects, 0 errors, 0 warnings$/m);
    expect(stdout).toContain('docs/');
    // Where the chart's page installs the controller, which refuses to start when a trial kept its memory elsewhere.
    expect(stdout).toMatch(/kubectl create namespace nodewright-system\n.* run .*--own-namespace nodewright-system /);
  });

  it('refuses a folder that is not empty', async () => {
    const other = folderWith({ 'mine.txt': 'mine' });
    const { code, stderr } = await nodewright(['init', other]);
    expect({ code, files: readdirSync(other) }).toEqual({ code: 2, files: ['mine.txt'] });
    expect(stderr).toMatch(/^error: .* is not empty \(it has mine\.txt\)/);
  });

  it('fails where no folder can be made, with the reason', async () => {
    const { code, stderr } = await nodewright(['init', '/proc/x/y']);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/cannot create the folder \/proc\/x\/y.*ENOENT/)]);
  });
});

describe('validate', () => {
  it('finds no problem in the template', async () => {
    const { code, stdout } = await nodewright(['validate', fleet, '--format', 'json']);
    expect({ code, answer: JSON.parse(stdout) }).toEqual({ code: 0, answer: { objects: 5, problems: [] } });
  });

  it('reports the position of a problem in each format', async () => {
    const broken = folderWith({ 'nodes/a.yaml': node('a').replace('size:', 'siez:') });
    const json = await nodewright(['validate', broken, '--format', 'json']);
    const answer = JSON.parse(json.stdout);
    expect(json.code).toBe(1);
    expect(answer.problems).not.toHaveLength(0);
    for (const problem of answer.problems) {
      expect(Object.keys(problem)).toEqual(['file', 'line', 'column', 'code', 'message']);
    }
    expect(answer.problems.map(({ file, line, code }: Found) => `${file}:${line} ${code}`)).toContain(
      'nodes/a.yaml:11 UnknownField',
    );
    const github = await nodewright(['validate', broken], { NODEWRIGHT_FORMAT: 'github' });
    expect(github.stdout).toMatch(/^::error file=nodes\/a\.yaml,line=11,col=\d+,title=UnknownField::/m);
    const text = await nodewright(['validate', broken]);
    expect(text.stdout).toMatch(/^nodes\/a\.yaml:11:\d+ error UnknownField /m);
  });

  it('lists warnings separately and succeeds with them', async () => {
    const stray = folderWith({ 'nodes/a.yaml': node('a'), 'nodes/notes.txt': 'not read' });
    const { code, stdout } = await nodewright(['validate', stray, '--format', 'json']);
    const answer = JSON.parse(stdout);
    expect({ code, problems: answer.problems }).toEqual({ code: 0, problems: [] });
    expect(answer.warnings).toMatchObject([
      { file: 'fleet.yaml', code: 'NoFleet' },
      { file: 'nodes/notes.txt', code: 'FileNotRead' },
    ]);
  });

  it('follows no link and reads no file that is too large', async () => {
    const odd = folderWith({ 'nodes/big.yaml': '#'.repeat(2 * 2 ** 20), 'elsewhere.yaml': node('a') });
    symlinkSync('../elsewhere.yaml', join(odd, 'nodes/link.yaml'));
    const { code, stdout } = await nodewright(['validate', odd, '--format', 'json']);
    const found = JSON.parse(stdout).problems.map(({ file, code: what }: Found) => `${file} ${what}`);
    expect({ code, found }).toEqual({
      code: 1,
      found: ['elsewhere.yaml FileNotRead', 'nodes/big.yaml FileTooLarge', 'nodes/link.yaml NotAFile'],
    });
  });
});

describe('plan', () => {
  it('shows what a branch changes, and nothing between equal revisions', async () => {
    const file = join(fleet, 'nodes/dev/eth-dev.yaml');
    git('switch', '-q', '-c', 'more-cache');
    writeFileSync(file, `${readFileSync(file, 'utf8').trimEnd()}\n${EDITED}`);
    const commit = commitAll('More cache');
    git('switch', '-q', 'main');

    const text = await nodewright(['plan', fleet, '--from', 'main', '--to', 'more-cache']);
    expect(text).toMatchObject({ code: 1, stderr: '' });
    expect(text.stdout).toContain('~ update BlockchainNode novacula-system/eth-dev');
    expect(text.stdout).toContain('spec.args: {"el":{"cache":"256"}}');

    const json = await nodewright(['plan', fleet, '--from', 'main', '--to', 'more-cache', '--format', 'json']);
    const { plans, problems } = JSON.parse(json.stdout);
    expect(problems).toEqual([]);
    expect(plans).toMatchObject([
      {
        executor: 'primary',
        plan: {
          revision: `more-cache@sha1:${commit}`,
          heldDigest: null,
          actions: [{ do: 'update', hold: null, file: 'nodes/dev/eth-dev.yaml', changes: [{ path: 'spec.args' }] }],
        },
      },
    ]);

    const markdown = await nodewright([
      'plan',
      fleet,
      '--from',
      'main',
      '--to',
      commit.slice(0, 9),
      '--format',
      'markdown',
    ]);
    expect(markdown.stdout).toContain('```diff');
    expect(await nodewright(['plan', fleet, '--from', 'main', '--to', 'more-cache~1'])).toMatchObject({ code: 0 });
    expect(await nodewright(['plan', fleet, '--from', 'HEAD'])).toMatchObject({ code: 0 });
  });

  it('reports a file that is too large as a problem of that file, and plans the others', async () => {
    const file = join(fleet, 'nodes/dev/eth-dev.yaml');
    const text = readFileSync(file, 'utf8');
    git('switch', '-q', '-c', 'large-file', 'main');
    writeFileSync(file, `${text.trimEnd()}\n${EDITED}`);
    writeFileSync(join(fleet, 'nodes/dev/large.yaml'), '#'.repeat(2 ** 20 + 1));
    commitAll('Add a large file');
    git('switch', '-q', 'main');
    const { stdout } = await nodewright(['plan', fleet, '--from', 'main', '--to', 'large-file', '--format', 'json']);
    const { plans, problems } = JSON.parse(stdout);
    expect(problems).toMatchObject([{ file: 'nodes/dev/large.yaml', code: 'FileTooLarge' }]);
    expect(problems[0].message).toContain('make it smaller');
    expect(plans).toMatchObject([{ plan: { actions: [{ do: 'update', file: 'nodes/dev/eth-dev.yaml' }] } }]);
  });

  it('shows the jobs that a branch asks for, and refuses one that was edited after it was merged', async () => {
    const file = join(fleet, 'jobs/save.yaml');
    const request = `apiVersion: ${API_VERSION}\nkind: Backup\nmetadata: { name: save }\nspec: { node: eth-dev }\n`;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, request);
    const asked = await nodewright(['plan', fleet, '--from', 'HEAD']);
    expect(asked).toMatchObject({ code: 1, stderr: '' });
    expect(asked.stdout).toContain('working tree: 1 job to run\n\n+ run Backup novacula-system/save\n');
    expect(asked.stdout).toContain('stops eth-dev, copies its volumes to a new PVC, and starts it again');
    const commit = commitAll('Save it');
    writeFileSync(file, request.replace('eth-dev', 'comet-dev'));
    const edited = await nodewright(['plan', fleet, '--from', commit, '--format', 'json']);
    git('reset', '-q', '--hard', 'HEAD~1');
    const jobs = [{ do: 'refuse', job: 'Backup novacula-system/save', file: 'jobs/save.yaml' }];
    expect(JSON.parse(edited.stdout).plans).toMatchObject([{ plan: { actions: [], jobs } }]);
  });

  it('creates all nodes of the template in an empty repository', async () => {
    const empty = git('commit-tree', '-m', 'nothing', git('hash-object', '-t', 'tree', '-w', '/dev/null'));
    const { code, stdout } = await nodewright(['plan', fleet, '--from', empty, '--format', 'json']);
    const [{ plan }] = JSON.parse(stdout).plans;
    expect(code).toBe(1);
    expect(
      plan.actions.map((action: { do: string; ref: { name: string } }) => `${action.do} ${action.ref.name}`),
    ).toEqual(['create comet-dev', 'create eth-dev']);
  });

  it('warns of an executor that fleet.yaml does not list', async () => {
    const args = ['plan', fleet, '--from', 'main', '--to', 'main', '--executor'];
    expect(await nodewright([...args, 'primari'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^fleet\.yaml:\d+:\d+ warning UnknownExecutor "primari" .* it lists primary\./),
    });
    const edited = await nodewright(['plan', fleet, '--from', 'main', '--executor', 'primari']);
    expect(edited.stdout).toMatch(/^fleet\.yaml:\d+:\d+ warning UnknownExecutor /);
    expect((await nodewright([...args, 'primary'])).stdout).not.toContain('UnknownExecutor');
  });

  it('fails when a file has an error, and still shows the rest', async () => {
    const path = join(fleet, 'nodes/dev/broken.yaml');
    writeFileSync(path, 'kind: [');
    writeFileSync(join(fleet, 'nodes/dev/more.yaml'), node('more'));
    const { code, stdout } = await nodewright(['plan', fleet, '--from', 'HEAD']);
    git('clean', '-q', '-f', '-d');
    expect(code).toBe(2);
    expect(stdout).toContain('nodes/dev/broken.yaml:');
    expect(stdout).toContain('+ create BlockchainNode novacula-system/more');
  });
});

describe('render, schema, crds', () => {
  it('renders a node as YAML with its workload', async () => {
    const { code, stdout } = await nodewright(['render', 'eth-dev', '--dir', fleet]);
    const kinds = parseAllDocuments(stdout).map((document) => document.toJS().kind);
    expect(code).toBe(0);
    expect(kinds).toEqual(expect.arrayContaining(['StatefulSet', 'Service', 'ConfigMap', 'PodDisruptionBudget']));
  });

  it('lists the valid nodes when one does not exist', async () => {
    const near = await nodewright(['render', 'other/eth-dve', '--dir', fleet]);
    expect(near.stderr).toBe('error: there is no valid node other/eth-dve; did you mean "novacula-system/eth-dev"?\n');
    const { code, stdout, stderr } = await nodewright(['render', 'missing', '--dir', fleet]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      'error: there is no valid node missing; valid nodes: novacula-system/comet-dev, novacula-system/eth-dev\n',
    );
  });

  it('prints schemas and CRDs', async () => {
    const schema = await nodewright(['schema', 'BlockchainNode']);
    expect(JSON.parse(schema.stdout)).toMatchObject({ title: 'BlockchainNode', additionalProperties: false });
    const table = await nodewright(['schema', 'Fleet', '--format', 'markdown']);
    expect(table.stdout).toContain('| `spec.guards.maxDeletions` |');
    const crds = await nodewright(['crds']);
    const names = parseAllDocuments(crds.stdout).map((document) => document.toJS().metadata.name);
    expect(names).toContain('blockchainnodes.validatoros.com');
  });
});

describe('an error is one line on standard error, with exit code 2', () => {
  const unready = ['run', '--repo', 'https://git.example.com/a', '--executor', 'a'];
  const run = [...unready, '--image', 'images.example.com/nodewright:1'];
  const rows: readonly { because: string; args: readonly string[]; env?: Record<string, string>; says: RegExp }[] = [
    { because: 'no such folder', args: ['validate', 'nowhere'], says: /cannot read nowhere/ },
    { because: 'a file instead of a folder', args: ['validate', MAIN], says: /is not a directory/ },
    { because: 'no repository', args: ['plan', 'home', '--from', 'main'], says: /home is no Git repository/ },
    { because: 'no such branch', args: ['plan', 'fleet', '--from', 'nope'], says: /no branch, tag or commit nope/ },
    {
      because: 'no such commit',
      args: ['plan', 'fleet', '--from', '0123456789012345678901234567890123456789'],
      says: /0123456789012345678901234567890123456789/,
    },
    { because: '--to without --from', args: ['plan', 'fleet', '--to', 'main'], says: /--to needs --from/ },
    { because: 'no kubeconfig', args: ['plan', 'fleet'], says: /set KUBECONFIG or pass --kubeconfig/ },
    { because: 'no such kubeconfig', args: ['status', '--kubeconfig', 'nope'], says: /cannot read nope/ },
    { because: 'a controller without a cluster', args: [...run, '--listen', '0'], says: /set KUBECONFIG/ },
    { because: 'no such kind', args: ['schema', 'Nothing'], says: /there is no kind Nothing; there are: Fleet/ },
    {
      because: 'no such command',
      args: ['valdiate'],
      says: /unknown command 'valdiate'.*\(Did you mean validate\?\)/s,
    },
    { because: 'no such option', args: ['validate', '--formt', 'json'], says: /unknown option '--formt'/ },
    {
      because: 'a variable that this command does not know',
      args: ['plan', 'fleet'],
      env: { NODEWRIGHT_FORMAT: 'github' },
      says: /from env 'NODEWRIGHT_FORMAT' is invalid. Allowed choices are text, json, markdown/,
    },
    { because: 'a required option is missing', args: ['run'], says: /required option '--repo <url>' not specified/ },
    { because: 'no image for worker pods', args: unready, says: /required option '--image <image>' not specified/ },
    { because: 'no namespace to watch', args: [...run, '--only-namespaces', ','], says: /Give at least one name/ },
    { because: 'no duration', args: [...run, '--interval', '5'], says: /Give a duration of at least 100ms/ },
    { because: 'an invalid branch name', args: [...run, '--branch', 'a..b'], says: /Give the name of a branch/ },
    { because: 'not HTTP', args: ['run', '--repo', 'git@host:a/b'], says: /Give an http:\/\/ or https:\/\/ URL/ },
    {
      because: 'status over the desired branch',
      args: [...run, '--branch', 'x', '--status-branch', 'x'],
      says: /the status branch must not be the desired branch x/,
    },
    {
      because: 'a policy that reaches beyond the watched namespaces',
      args: [...run, '--only-namespaces', 'prod', '--policy', 'wide.yaml'],
      says: /the policy allows staging, other-tool, which this controller does not watch; add to --only-namespaces/,
    },
    {
      because: 'a missing token file',
      args: [...run, '--git-token-file', 'nope'],
      says: /the Git token file nope cannot be read \(ENOENT\)/,
    },
  ];
  it.each(rows)('$because', async ({ args, env, says }) => {
    const { code, stderr } = await nodewright(args, env);
    expect(stderr).toMatch(says);
    expect({ code, trace: /\n\s+at |node:internal/.test(stderr) }).toEqual({ code: 2, trace: false });
  });

  it('never repeats a password', async () => {
    const { code, stdout, stderr } = await nodewright(['run', '--repo', 'https://me:hunter22@git.example.com/a']);
    expect(code).toBe(2);
    expect(stderr).toContain('Remove user and password');
    expect(stdout + stderr).not.toContain('hunter22');
  });
});

describe('variables', () => {
  it('set options, unless they are empty', async () => {
    const set = await nodewright(['render', 'eth-dev'], { NODEWRIGHT_DIR: fleet, NODEWRIGHT_NAMESPACE: 'here' });
    expect(set.stdout).toContain('namespace: here');
    const legacy = await nodewright(['render', 'eth-dev', '--dir', fleet], {
      NODEWRIGHT_NAMESPACE: '',
      NOVACULA_OPERATOR_NAMESPACE: 'there',
    });
    expect(legacy.stdout).toContain('namespace: there');
  });
});

interface Found {
  readonly file: string;
  readonly line: number;
  readonly code: string;
}

function node(name: string): string {
  return `apiVersion: validatoros.com/v1alpha1
kind: BlockchainNode
metadata:
  name: ${name}
spec:
  chain: ethereum
  network: dev
  clients:
    el: { name: geth, version: 1.16.7 }
  storage:
    data: { size: 1Gi }
`;
}

describe('output that cannot be written', () => {
  const shell = async (script: string): Promise<CommandResult> =>
    await runCommand('/bin/bash', ['-c', script], { cwd: folder, accept: [0, 1, 2, 141], timeoutMs: 60_000 });
  const command = `${process.execPath} ${MAIN}`;

  it('fails with one line on a full disk', async () => {
    const { code, stderr } = await shell(`${command} crds > /dev/full`);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: cannot write the output: .*ENOSPC.*\n$/);
  });

  it('ends with the exit code of SIGPIPE when the reader closes the pipe', async () => {
    const { code, stderr } = await shell(`${command} crds | true; exit \${PIPESTATUS[0]}`);
    expect({ code, stderr }).toEqual({ code: 141, stderr: '' });
  });
});

it('has a command help', async () => {
  const { code, stdout } = await nodewright(['help']);
  expect({ code, usage: stdout.split('\n')[0] }).toEqual({ code: 0, usage: 'Usage: nodewright [options] [command]' });
});

it('refuses a folder that is not the top of a repository', async () => {
  const { code, stderr } = await nodewright(['validate', folderWith({ 'README.md': 'x' })]);
  expect(code).toBe(2);
  expect(stderr).toContain('Give the top folder of the repository.');
});
