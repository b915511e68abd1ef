// The list of reasons of nodes: complete, used, and a type.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { isNodeReason, NODE_REASONS, type NodeReason } from '../../src/api/codes/node-reasons.ts';
import { stuck, type Verdict } from '../../src/status/verdict.ts';

const SRC = join(import.meta.dirname, '../../src');

describe('the list of node reasons', () => {
  it('has no reason that the source does not use', () => {
    const text = globSync(`${SRC}/**/*.ts`)
      .filter((file) => !file.includes('/api/codes/'))
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n')
      .replaceAll(/(?:===|!==|case) '\w+'/g, '');
    expect(Object.keys(NODE_REASONS).filter((reason) => !text.includes(`'${reason}'`))).toEqual([]);
  });

  it('explains each reason and what to do in whole sentences', () => {
    for (const { meaning, action } of Object.values(NODE_REASONS)) {
      expect(meaning).toMatch(/^[A-Z].*\.$/);
      expect(action).toMatch(/^[A-Z].*\.$/);
    }
  });

  it('does not compile with a reason that is not listed', () => {
    const verdict: Verdict = stuck('DiskFull', 'x');
    // @ts-expect-error the reason is misspelt
    expect(verdict.reason === 'FullDisk').toBe(false);
    // @ts-expect-error the reason is not listed
    const reason: NodeReason = 'FullDisk';
    expect(isNodeReason(reason)).toBe(false);
  });

  it('recognizes the reasons of guards, which a held change shows', () => {
    expect([isNodeReason('DeletionBudget'), isNodeReason('DiskFull'), isNodeReason('toString')]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
