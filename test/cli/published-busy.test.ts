// `plan --status-from` knows which nodes a job keeps stopped.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';

import { publishedBusyNodes } from '../../src/cli/published/busy-nodes.ts';
import { pausedByEnded, pausedByWork } from '../../src/jobs/model/pause-text.ts';
import { commitFiles, createBareRepo } from '../support/git-repo.ts';
import { aNode } from '../support/plan-scene.ts';

const folder = mkdtempSync(join(tmpdir(), 'nodewright-busy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const document = (message: string | undefined): string =>
  JSON.stringify({
    spec: {},
    status: { phase: 'Stopped', ...(message === undefined ? {} : { pause: { by: 'x', message } }) },
  });
const record = (phase: string): string =>
  JSON.stringify({ kind: 'Backup', namespace: 'ns', name: 'b', executor: 'demo', specDigest: 'x', phase });

async function busy(message: string | undefined, phase = 'Working') {
  const repo = createBareRepo(join(folder, String(Math.floor(performance.now() * 1000))));
  const head = commitFiles(repo, {
    'demo/nodes/ns/a.yaml': document(message),
    'demo/jobs/backup/ns/b.yaml': record(phase),
  });
  return (await publishedBusyNodes(repo, head, [aNode('a')])).get('ns/a');
}

it('names the job that works on it with its phase', async () => {
  expect(await busy(pausedByWork('Backup ns/b'))).toEqual({ job: 'Backup ns/b', phase: 'Working', isPaused: true });
});

it('has the words of the node where no job is known to be under way', async () => {
  const left = pausedByEnded('Backup ns/b', 'why');
  expect(await busy(left, 'Held')).toEqual({ message: left, isPaused: true });
  expect(await busy(pausedByWork('Backup ns/b'), 'Complete')).toMatchObject({ message: pausedByWork('Backup ns/b') });
  expect(await busy(undefined)).toBeUndefined();
});
