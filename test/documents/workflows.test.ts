// The checks of pull requests write the plan into a comment of their own only: who wrote a comment may edit it afterwards.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it, onTestFinished } from 'vitest';

const TEMPLATE = new URL('../../repo-template/', import.meta.url);
const MARKER = '<!-- nodewright plan -->';

it.each([
  { file: '.github/workflows/nodewright.yaml', own: '.user.login == \\"github-actions[bot]\\"' },
  { file: '.gitea/workflows/nodewright.yaml', own: '.user.id == -2' },
])('$file selects its comment by the author', ({ file, own }) => {
  expect(readFileSync(new URL(file, TEMPLATE), 'utf8')).toContain(own);
});

const CHECKS = ['.github/workflows/nodewright.yaml', '.gitea/workflows/nodewright.yaml'];

it.each(CHECKS)('%s runs only the image that the user names, without network, and not before there is one', (file) => {
  const lines = readFileSync(new URL(file, TEMPLATE), 'utf8').replaceAll('\\\n', ' ').split('\n');
  const runs = lines.filter((line) => line.includes('docker run'));
  expect(runs.length).toBeGreaterThan(1);
  for (const line of runs) expect(line).toMatch(/docker run --rm --network none --read-only .* "\$NODEWRIGHT_IMAGE" /);
  const at = (text: string): number => lines.findIndex((line) => line.includes(text));
  expect(at('[ -z "$NODEWRIGHT_IMAGE" ]')).toBeGreaterThan(0);
  expect(at('[ -z "$NODEWRIGHT_IMAGE" ]')).toBeLessThan(at('docker pull'));
});

it('neither the chart nor the checks name an image that someone else could own', () => {
  const values = readFileSync(new URL('../charts/nodewright/values.yaml', TEMPLATE), 'utf8');
  expect(values).toMatch(/^image:\n(?: +#.*\n)* +repository: ''$/m);
  const images = [...CHECKS, '.gitlab-ci.yml'].flatMap((file) => [
    ...readFileSync(new URL(file, TEMPLATE), 'utf8').matchAll(
      /^ *(?:image|NODEWRIGHT_IMAGE): *(\S.*)$|^ *name: (\$.*)$/gm,
    ),
  ]);
  expect(new Set(images.map(([, image, name]) => image ?? name))).toEqual(
    new Set(['${{ vars.NODEWRIGHT_IMAGE }}', '$NODEWRIGHT_IMAGE']),
  );
});

it('the script for GitLab leaves a note of someone else as it is, and edits its own', async () => {
  const notes = [
    { id: 1, author: { id: 66 }, body: `${MARKER}\nforged` },
    { id: 2, author: { id: 7 }, body: `${MARKER}\nold` },
  ];
  expect(await requestsFor(notes)).toEqual(['GET notes', 'GET user', 'PUT notes/2']);
  expect(await requestsFor(notes.slice(0, 1))).toEqual(['GET notes', 'GET user', 'POST notes']);
});

/** What the script asks of the API when the merge request has these notes and the token is of user 7. */
async function requestsFor(notes: readonly object[]): Promise<readonly string[]> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0]?.replace(/^.*merge_requests\/4\/|^\//, '') ?? '';
    seen.push(`${request.method} ${path}`);
    request.resume();
    response.end(JSON.stringify(path === 'notes' ? notes : { id: 7 }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = mkdtempSync(join(tmpdir(), 'nodewright-note-'));
  onTestFinished(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, 'plan.md'), 'plan');
  writeFileSync(join(folder, 'plan.code'), '1\n');
  const { port } = server.address() as AddressInfo;
  const environment = { CI_API_V4_URL: `http://127.0.0.1:${port}`, CI_PROJECT_ID: '3', CI_MERGE_REQUEST_IID: '4' };
  await run(scriptOf('.gitlab-ci.yml'), folder, { ...environment, NODEWRIGHT_NOTE_TOKEN: 't' });
  return seen;
}

/** Between the marks of its here-document. */
function scriptOf(file: string): string {
  const text = readFileSync(new URL(file, TEMPLATE), 'utf8');
  return /<<'END'\n(.*?)\n\s*END\n/s.exec(text)?.[1] ?? '';
}

async function run(script: string, cwd: string, environment: Readonly<Record<string, string>>): Promise<void> {
  const child = spawn(process.execPath, ['--input-type=module'], {
    cwd,
    env: environment,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.stdin.end(script);
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code).toBe(0);
}
