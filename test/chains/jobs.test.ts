// What every chain must answer about one-shot jobs, for every example.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Ask, DataPath, HowTo, ToolRun } from '../../src/api/chain-jobs.ts';
import { examples } from './examples.ts';

const heights = fc.integer({ min: 1, max: 2 ** 40 });

/** A chain without `jobs` offers only what needs nothing of the client. */
const cases = examples.flatMap(({ name, node, chain }) =>
  chain.jobs === undefined ? [] : [{ name, node, chain, jobs: chain.jobs }],
);

describe.each(cases)('$name', ({ node, chain, jobs }) => {
  const place: Place = {
    volumes: [...Object.keys(node.spec.storage), 'result'],
    images: chain.workload(node).containers.map(({ image }) => image),
  };

  it('names its own files in volumes that it has', () => {
    const paths: readonly DataPath[] = [...jobs.identityFiles(node), ...jobs.signerState(node)];
    for (const { volume, path } of paths) {
      expect(Object.keys(node.spec.storage)).toContain(volume);
      expect(path).toMatch(/^[^/]/);
      expect(path.split('/')).not.toContain('..');
    }
    expect(new Set(paths.map(({ volume, path }) => `${volume}/${path}`)).size).toBe(paths.length);
  });

  it('looks for a database in volumes that it has', () => {
    for (const { volume, anyOf } of jobs.databaseMarkers(node)) {
      expect(Object.keys(node.spec.storage)).toContain(volume);
      expect(anyOf).not.toEqual([]);
      for (const path of anyOf) {
        expect(path).toMatch(/^[^/]/);
        expect(path.split('/')).not.toContain('..');
      }
    }
  });

  it('says how it goes back to a height, or why not', () => {
    fc.assert(
      fc.property(heights, (height) => {
        const how = jobs.rollback(node, height);
        expect(faultsOf(how, place)).toEqual([]);
        expect(jobs.rollback(node, height)).toEqual(how);
      }),
      { numRuns: 20 },
    );
  });

  it('says how a snapshot is taken', () => {
    const how = jobs.snapshot(node, 7);
    expect(how.how === 'copy' ? [] : faultsOf(how, place)).toEqual([]);
  });

  it('exchanges identities only where there is a Secret to point at', () => {
    const answer = jobs.switchover(node);
    expect(answer.how === 'refused' || node.spec.identity !== undefined).toBe(true);
    expect(answer.how === 'refused' ? faultsOfReason(answer.reason) : []).toEqual([]);
  });
});

interface Place {
  readonly volumes: readonly string[];
  readonly images: readonly string[];
}

function faultsOf(how: HowTo, place: Place): readonly string[] {
  switch (how.how) {
    case 'refused':
      return faultsOfReason(how.reason);
    case 'command':
      return [...faultsOfRun(how.run, place), ...faultsOfPattern(how.heightPattern)];
    case 'served':
      return [...faultsOfRun(how.client, place), ...faultsOfAsks(how.asks)];
    case 'ask':
      return faultsOfAsks(how.asks);
  }
}

/** Why, and what to do instead. */
function faultsOfReason(reason: string): readonly string[] {
  const isTwoSentences = /^\S[^\n]*[a-z)\d]\. [A-Z][^\n]*\.$/.test(reason);
  return isTwoSentences && !reason.includes('undefined')
    ? []
    : [`"${reason}" is not two sentences: why it cannot be done, and what to do instead`];
}

function faultsOfRun({ image, command, args, mounts }: ToolRun, { images, volumes }: Place): readonly string[] {
  const wrong = mounts.filter(({ volume, path }) => !volumes.includes(volume) || !path.startsWith('/'));
  return [
    ...(images.includes(image) ? [] : [`${image} is not the image of the node`]),
    ...(command.length > 0 ? [] : ['there is no program']),
    ...wrong.map(({ volume, path }) => `${volume} at ${path}`),
    // What serves a job is not offered outside its pod.
    ...args.filter((arg) => arg.includes('0.0.0.0')),
  ];
}

/** One group, which is what proves the height. */
function faultsOfPattern(pattern: string): readonly string[] {
  const groups = new RegExp(`${pattern}|`).exec('')?.length;
  return groups === 2 ? [] : [`${pattern} has not one group`];
}

function faultsOfAsks(asks: readonly Ask[]): readonly string[] {
  const isDistinct = new Set(asks.map(({ id }) => id)).size === asks.length;
  return isDistinct && asks.length > 0 ? [] : ['nothing is asked, or one name twice'];
}
