// What holds of every request that ran as it should, with every disturbance.

import { parse } from 'yaml';
import { expect } from 'vitest';

import type { JobRecord } from '../../src/jobs/requests/record.ts';
import { STATUS_BRANCH } from '../controller/fleet.ts';
import { git } from '../support/git-repo.ts';
import { type CrashWorld, NODE } from './crash-world.ts';
import type { Kind } from './request-observer.ts';

export const PHASES = ['Claimed', 'Locked', 'Stopping', 'Working', 'Verifying', 'Starting', 'Complete'] as const;

export interface ExpectedRun {
  readonly kind: Kind;
  readonly name: string;
  /** Default: the first node. */
  readonly nodes?: readonly string[];
  /** How many Jobs ran; default: one for each node. */
  readonly runs?: number;
}

/** One object, claimed before it was there; one Job and one pod a node; and its nodes are well again. */
export async function expectOneRun(
  world: CrashWorld,
  { kind, name, nodes = [NODE], runs = nodes.length }: ExpectedRun,
): Promise<JobRecord> {
  const record = await world.ended(kind, name);
  if (record.phase !== 'Complete') throw new Error(`it ended ${record.phase} ${record.reason}: ${record.message}`);
  expect(record.nodes).toEqual(nodes);
  expect(record.phases?.map(({ phase }) => phase)).toEqual(PHASES);
  const uid = record.uid ?? '';
  expect(world.made('Job', uid).length).toBe(runs);
  expect(world.made('Pod', uid).length).toBe(runs);
  for (const node of nodes) await world.nodeIsWell(node);
  expectClaimFirst(world, { kind, name }, record);
  return record;
}

/** The claim stood on the branch before there was an object, which it therefore could not name. */
function expectClaimFirst(
  world: CrashWorld,
  { kind, name }: Pick<ExpectedRun, 'kind' | 'name'>,
  { uid = '', specDigest }: JobRecord,
): void {
  const objects = world.objectsMade(kind, name);
  expect(objects.size).toBe(1);
  const [claim, ...later] = recordHistory(world, kind, name);
  expect(claim?.record).toMatchObject({ phase: 'Claimed', specDigest });
  expect(claim?.record.uid).toBeUndefined();
  expect(new Set(later.map((version) => version.record.uid))).toEqual(new Set([uid]));
  expect(claim?.atSeconds).toBeLessThanOrEqual(Date.parse(objects.get(uid) ?? '') / 1000);
}

interface RecordVersion {
  readonly atSeconds: number;
  readonly record: JobRecord;
}

/** Commits that changed the record, oldest first, with the record as it was then. */
function recordHistory({ fleet }: CrashWorld, kind: Kind, name: string): readonly RecordVersion[] {
  const path = `${fleet.executor}/jobs/${kind.toLowerCase()}/${fleet.namespace}/${name}.yaml`;
  const lines = git(fleet.repo, ['log', '--reverse', '--format=%H %ct', STATUS_BRANCH, '--', path]).split('\n');
  return lines.map((line) => {
    const [commit = '', seconds = ''] = line.split(' ');
    return { atSeconds: Number(seconds), record: parse(git(fleet.repo, ['show', `${commit}:${path}`])) as JobRecord };
  });
}
