// What the fleet reconciler reads of a commit: one bad file must not hide the others.

import { expect, it } from 'vitest';

import { readFiles } from '../../src/controller/fleet/read-files.ts';
import { commitFiles } from '../support/git-repo.ts';
import { makeWorld, never, openSource } from './world.ts';

it('reports a file that is too large and reads the others', async () => {
  const world = await makeWorld();
  const tip = commitFiles(world.repo, {
    'nodes/good.yaml': 'kind: BlockchainNode\n',
    'nodes/large.yaml': '#'.repeat(2 * 1024 * 1024),
  });
  const source = openSource(world);
  await source.fetch('main', never);
  const files = await readFiles({ source, commit: tip, texts: new Map(), signal: never });
  expect(files.map(({ path, text, trouble }) => [path, text ?? trouble?.code])).toEqual([
    ['nodes/good.yaml', 'kind: BlockchainNode\n'],
    ['nodes/large.yaml', 'FileTooLarge'],
  ]);
});
