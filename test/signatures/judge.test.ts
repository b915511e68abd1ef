// Which revisions carry the signatures that are asked for. Histories are drawn as rows: commit, parents, signer, files.

import { describe, expect, it } from 'vitest';

import { judgeRevision, type History } from '../../src/signatures/judge.ts';
import { isCovered, Verification, VerificationRule } from '../../src/signatures/verification-file.ts';

type Row = readonly [commit: string, parents: string, signer: string, files: Readonly<Record<string, string>>];

function historyOf(rows: readonly Row[]): History {
  const row = (commit: string): Row => {
    const found = rows.find(([id]) => id === commit);
    if (found === undefined) throw new Error(`no commit ${commit}`);
    return found;
  };
  return {
    parents: async (commit) =>
      row(commit)[1]
        .split(' ')
        .filter((id) => id !== ''),
    signer: async (commit) => {
      const [, , principal] = row(commit);
      return principal === '' ? { ok: false, because: 'it is not signed' } : { ok: true, principal };
    },
    files: async (commit) => new Map(Object.entries(row(commit)[3])),
  };
}

const BASE: Row = ['base', '', '', { 'nodes/a': '1', 'jobs/x': '1' }];

/** Judges the last row as the tip; `base` was applied. */
async function judge(rows: readonly Row[], file: unknown): Promise<string> {
  const all = [BASE, ...rows];
  const tip = all.at(-1)?.[0] ?? '';
  const commits = rows.map(([id]) => id).toReversed();
  const verdict = await judgeRevision({ tip, trusted: 'base', commits }, Verification.parse(file), historyOf(all));
  return verdict.ok ? 'accepted' : verdict.because;
}

describe('every commit since the last applied one', () => {
  interface Judged {
    readonly title: string;
    readonly rows: readonly Row[];
    readonly mode: 'commits' | 'tip';
    readonly expected: string;
  }

  it.each<Judged>([
    {
      title: 'all signed',
      rows: [
        ['c', 'base', 'ann', {}],
        ['d', 'c', 'bob', {}],
      ],
      mode: 'commits',
      expected: 'accepted',
    },
    {
      title: 'one unsigned below a signed tip',
      rows: [
        ['c', 'base', '', {}],
        ['d', 'c', 'bob', {}],
      ],
      mode: 'commits',
      expected: 'commit c: it is not signed',
    },
    {
      title: 'one unsigned below a signed tip, tip alone',
      rows: [
        ['c', 'base', '', {}],
        ['d', 'c', 'bob', {}],
      ],
      mode: 'tip',
      expected: 'accepted',
    },
    {
      title: 'an unsigned tip',
      rows: [
        ['c', 'base', 'ann', {}],
        ['d', 'c', '', {}],
      ],
      mode: 'tip',
      expected: 'commit d: it is not signed',
    },
    {
      title: 'an unsigned side line of a signed merge',
      rows: [
        ['s', 'base', '', {}],
        ['m', 'base s', 'bob', {}],
      ],
      mode: 'commits',
      expected: 'commit s: it is not signed',
    },
    {
      title: 'an unsigned merge of signed lines',
      rows: [
        ['s', 'base', 'ann', {}],
        ['m', 'base s', '', {}],
      ],
      mode: 'commits',
      expected: 'commit m: it is not signed',
    },
  ])('$title', async ({ rows, mode, expected }) => {
    expect(await judge(rows, { mode })).toBe(expected);
  });

  it('judges the tip of a branch that was moved back', async () => {
    const rows: readonly Row[] = [
      ['old', '', '', {}],
      ['base', 'old', 'ann', {}],
    ];
    const verdict = await judgeRevision(
      { tip: 'old', trusted: 'base', commits: [] },
      Verification.parse({}),
      historyOf(rows),
    );
    expect(verdict).toEqual({ ok: false, because: 'commit old: it is not signed' });
  });

  it('trusts the first revision by its tip alone', async () => {
    const verdict = await judgeRevision(
      { tip: 'c', trusted: undefined, commits: [] },
      Verification.parse({ rules: [{ paths: ['**'], signers: 3 }] }),
      historyOf([['c', '', 'ann', { x: '1' }]]),
    );
    expect(verdict).toEqual({ ok: true });
  });
});

describe('a path that needs two signers', () => {
  const rules = [{ paths: ['jobs/**'], signers: 2, orMergedBy: ['forge'] }];
  const changed = { 'nodes/a': '1', 'jobs/x': '2' };
  const same = BASE[3];
  const needs = (by: string): string =>
    `jobs/x needs 2 different signers, or a merge signed by forge; its change was signed by ${by}`;

  it.each<[string, readonly Row[], string]>([
    ['one commit by one person', [['c', 'base', 'ann', changed]], needs('ann')],
    [
      'merged by another person',
      [
        ['c', 'base', 'ann', changed],
        ['m', 'base c', 'bob', changed],
      ],
      'accepted',
    ],
    [
      'merged by the same person',
      [
        ['c', 'base', 'ann', changed],
        ['m', 'base c', 'ann', changed],
      ],
      needs('ann'),
    ],
    ['one commit by the forge (a squash)', [['c', 'base', 'forge', changed]], 'accepted'],
    [
      'merged by the forge',
      [
        ['c', 'base', 'ann', changed],
        ['m', 'base c', 'forge', changed],
      ],
      'accepted',
    ],
    [
      'changed by the merge itself',
      [
        ['c', 'base', 'bob', same],
        ['m', 'base c', 'ann', changed],
      ],
      needs('ann'),
    ],
    [
      'approved once, then changed again by one person',
      [
        ['c', 'base', 'bob', { ...same, 'jobs/x': '3' }],
        ['d', 'c', 'ann', changed],
      ],
      needs('ann'),
    ],
    [
      'approved, changed and set back by one person',
      [
        ['c', 'base', 'ann', changed],
        ['m', 'base c', 'bob', changed],
        ['d', 'm', 'ann', { ...same, 'jobs/x': '3' }],
        ['e', 'd', 'ann', changed],
      ],
      needs('ann'),
    ],
    ['removed by one person', [['c', 'base', 'ann', { 'nodes/a': '1' }]], needs('ann')],
    ['another path by one person', [['c', 'base', 'ann', { ...same, 'nodes/a': '2' }]], 'accepted'],
    [
      'a later commit of another person that does not touch it',
      [
        ['c', 'base', 'ann', changed],
        ['d', 'c', 'bob', { ...changed, 'nodes/a': '2' }],
      ],
      needs('ann'),
    ],
    [
      'two merges up, by two people',
      [
        ['c', 'base', 'ann', changed],
        ['m', 'base c', 'ann', changed],
        ['n', 'base m', 'bob', changed],
      ],
      'accepted',
    ],
  ])('%s', async (_case, rows, expected) => {
    expect(await judge(rows, { rules })).toBe(expected);
  });

  it('may count named people alone', async () => {
    const rows: readonly Row[] = [
      ['c', 'base', 'ann', changed],
      ['m', 'base c', 'bob', changed],
    ];
    const named = (principals: readonly string[]): unknown => ({ rules: [{ paths: ['**'], signers: 1, principals }] });
    expect(await judge(rows, named(['bob']))).toBe('accepted');
    expect(await judge(rows, named(['eve']))).toContain('needs 1 signers of eve');
  });
});

describe('paths of rules', () => {
  it.each([
    ['jobs/**', 'jobs/a/b.yaml', true],
    ['jobs/**', 'jobs/.hidden', true],
    ['jobs/**', 'jobs2/a', false],
    ['fleet.yaml', 'fleet.yaml', true],
    ['fleet.yaml', 'x/fleet.yaml', false],
    ['**', 'anything', true],
  ])('%s and %s: %s', (pattern, path, expected) => {
    expect(isCovered(path, [pattern])).toBe(expected);
  });

  it.each(['/jobs', 'jobs/*', 'a**', '*', ''])('refuses %j', (pattern) => {
    expect(VerificationRule.safeParse({ paths: [pattern] }).success).toBe(false);
  });
});
