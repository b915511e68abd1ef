// `npm run check`: every script of package.json whose name begins with `check:`, two at a time. Names as arguments run
// only those: `npm run check -- types lint`.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = new URL('..', import.meta.url).pathname;
const PREFIX = 'check:';
/** The linter and the type checker use a core each. */
const AT_ONCE = 2;

process.exitCode = await main(process.argv.slice(2));

async function main(chosen: readonly string[]): Promise<number> {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const all = Object.keys(scripts).flatMap((name) => (name.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : []));
  const unknown = chosen.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    console.error(`error: unknown check ${unknown.join(', ')}; the checks are: ${all.join(', ')}`);
    return 2;
  }
  const waiting = all.filter((name) => chosen.length === 0 || chosen.includes(name));
  const failed: string[] = [];
  async function runOneAfterAnother(): Promise<void> {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      if (!(await passes(name))) failed.push(name);
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, runOneAfterAnother));
  if (failed.length > 0) console.error(`failed: ${failed.join(', ')}`);
  return failed.length > 0 ? 1 : 0;
}

/** Prints what the check printed in one piece, so that two of them do not mix. */
async function passes(name: string): Promise<boolean> {
  const begin = performance.now();
  const child = spawn('npm', ['run', '--silent', `${PREFIX}${name}`], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => void output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => void output.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  process.stdout.write(Buffer.concat(output));
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  return code === 0;
}
