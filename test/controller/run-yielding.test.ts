// Long reading gives way: the lease is renewed and watches are read while ten thousand files are parsed.

import { expect, it } from 'vitest';

import { readDesired, readInSteps } from '../../src/desired/read.ts';
import { runYielding } from '../../src/controller/engine/run-yielding.ts';
import { FLEET, nodeFile, sources } from '../support/desired-files.ts';

it('lets others have their turn between files, and reads the same', async () => {
  const names = Array.from({ length: 600 }, (_, index) => `eth-${index}`);
  const files = sources({
    'fleet.yaml': FLEET,
    ...Object.fromEntries(names.map((name) => [`nodes/${name}.yaml`, nodeFile(name)])),
  });
  const options = { defaultNamespace: 'novacula-system' };
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 1);
  const set = await runYielding(readInSteps(files, options));
  clearInterval(timer);
  expect(turns).toBeGreaterThan(5);
  expect(set.nodes.size).toBe(600);
  expect([...set.nodes]).toEqual([...readDesired(files, options).nodes]);
});

it('passes on what the work throws', async () => {
  await expect(
    runYielding(
      (function* () {
        yield;
        throw new Error('broken');
      })(),
    ),
  ).rejects.toThrow('broken');
});
