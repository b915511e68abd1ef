// `npm run fuzz [-- READER…] [--seconds N] [--seed N]`: more inputs than the tests have time for.

import { parseArgs } from 'node:util';

import { failureOf, FIRST_LONG_SEED, inputOf } from './check.ts';
import { allReaders } from './readers.ts';
import { removeScratchFolders } from './scratch-folder.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } },
});
const readers = (await allReaders()).filter(({ name }) => positionals.length === 0 || positionals.includes(name));
if (readers.length === 0) {
  console.error(`no such reader; there are: ${(await allReaders()).map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const failed =
  values.seed === undefined ? await search(Number(values.seconds) * 1000) : await replay(Number(values.seed));
removeScratchFolders();
console.log(`${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** Each reader in turn, with seeds that no test uses, until the time is over. Reports three failures of a reader at most. */
async function search(ms: number): Promise<number> {
  const first = FIRST_LONG_SEED + (Date.now() % 1_000_000_000);
  const end = Date.now() + ms;
  let failed = 0;
  for (const [index, reader] of readers.entries()) {
    const until = Date.now() + (end - Date.now()) / (readers.length - index);
    const found: string[] = [];
    let cases = 0;
    for (; Date.now() < until && found.length < 3; cases++) {
      const why = await failureOf(reader, inputOf(reader, first + cases));
      if (why !== undefined) found.push(`  --seed ${first + cases}: ${why}`);
    }
    console.log(`${reader.name}: ${cases} inputs${found.map((line) => `\n${line}`).join('')}`);
    failed += found.length;
  }
  return failed;
}

async function replay(seed: number): Promise<number> {
  let failed = 0;
  for (const reader of readers) {
    const input = inputOf(reader, seed);
    const why = await failureOf(reader, input);
    console.log(`${reader.name}: ${why ?? 'passes'}\n${JSON.stringify(input.toString('latin1').slice(0, 4000))}`);
    if (why !== undefined) failed += 1;
  }
  return failed;
}
