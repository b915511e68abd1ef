// What the controller costs while nothing happens.

import { setTimeout as sleep } from 'node:timers/promises';

import { git } from '../support/git-repo.ts';
import type { GitServer } from '../support/git-server.ts';
import { countsBetween, requestCounts } from './api-requests.ts';
import type { Figure } from './figure.ts';
import { cpuSeconds, memoryOf } from './process-usage.ts';
import { settle, statusCommits } from './settle.ts';
import type { Stage } from './stage.ts';

/** Restarts the controller with its default settings, lets it settle, and then counts for `seconds`. */
export async function measureIdle(stage: Stage, seconds: number): Promise<readonly Figure[]> {
  const { transport, server, repo } = stage;
  const { pid } = await stage.start();
  await settle(stage, 20_000);
  const [requests, cpu, commits, began] = [
    await requestCounts(transport),
    await cpuSeconds(pid),
    statusCommits(repo),
    performance.now(),
  ];
  await sleep(seconds * 1000);
  const used = (await cpuSeconds(pid)) - cpu;
  const share = (used / ((performance.now() - began) / 1000)) * 100;
  const asked = countsBetween(requests, await requestCounts(transport));
  for (const { request, count } of asked) console.error(`  while idle: ${count} × ${request}`);
  const pushed = statusCommits(repo) - commits;
  if (pushed > 0)
    console.error(`  while idle: ${git(repo, ['log', `-${pushed}`, '--format=%s', 'nodewright-status'])}`);
  const name = `idle for ${seconds} s, ${stage.fleet.size} nodes`;
  return [
    { name: `${name}: requests`, value: asked.reduce((sum, { count }) => sum + count, 0), unit: 'requests', limit: 0 },
    { name: `${name}: status commits`, value: pushed, unit: 'commits', limit: 0 },
    { name: `${name}: CPU`, value: share, unit: '% of a core', limit: 1 },
    { name: `resident memory at rest, ${stage.fleet.size} nodes`, ...(await resident(pid)), limit: 250 },
    { name: 'a poll that finds nothing new', value: pollBytes(server, began), unit: 'bytes', limit: 1024 },
  ];
}

async function resident(pid: number): Promise<Pick<Figure, 'value' | 'unit'>> {
  return { value: (await memoryOf(pid)).residentMb, unit: 'MB' };
}

/** Bytes of bodies, both ways, of the largest look at the branch: discovery and question. */
function pollBytes({ requests }: GitServer, since: number): number {
  const polls: number[] = [];
  for (const { service, method, at, received, sent } of requests) {
    if (at < since || service !== 'git-upload-pack') continue;
    if (method === 'GET') polls.push(0);
    polls.push((polls.pop() ?? 0) + received + sent);
  }
  return Math.max(...polls);
}
