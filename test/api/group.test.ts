// The names that follow from a kind.

import { expect, it } from 'vitest';

import { pluralOf } from '../../src/api/group.ts';

it.each([
  ['Backup', 'backups'],
  ['BlockHeightFallback', 'blockheightfallbacks'],
  ['Switch', 'switches'],
  ['Retry', 'retries'],
  ['Replay', 'replays'],
])('the plural of %s is %s', (kind, plural) => expect(pluralOf(kind)).toBe(plural));
