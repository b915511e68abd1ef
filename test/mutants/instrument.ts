// A copy of the checkout in which every mutant of some folders can be switched on, by the instrumenter of StrykerJS.

import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

import { inCache } from '../cluster/cache.ts';

/** Not a dependency of the project: nothing but this command needs it and its 78 packages. */
const PACKAGES = ['@stryker-mutator/instrumenter@10.1.1', 'typed-inject@5.0.0'];

export interface Mutant {
  readonly id: string;
  /** Path in the repository. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What kind of change, in the words of StrykerJS: `ConditionalExpression`. */
  readonly mutator: string;
  readonly from: string;
  readonly to: string;
}

interface Place {
  readonly line: number;
  readonly column: number;
}

interface Instrumented {
  readonly files: readonly { readonly name: string; readonly content: string }[];
  readonly mutants: readonly {
    readonly id: string;
    readonly fileName: string;
    readonly mutatorName: string;
    readonly replacement: string;
    readonly location: { readonly start: Place; readonly end: Place };
  }[];
}

interface Instrumenter {
  instrument: (
    files: readonly { readonly name: string; readonly content: string; readonly mutate: true }[],
    options: object,
  ) => Promise<Instrumented>;
}

export interface MutatedCopy {
  readonly folder: string;
  readonly mutants: readonly Mutant[];
}

/** Copies the checkout at `root`, with mutants in `folders`, such as `src/plan`. The caller removes the copy. */
export async function mutatedCopy(root: string, folders: readonly string[]): Promise<MutatedCopy> {
  const instrumenter = await loadInstrumenter();
  const folder = mkdtempSync(join(tmpdir(), 'nodewright-mutants-'));
  for (const name of readdirSync(root))
    if (name !== 'node_modules' && name !== '.git') cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const paths = folders.flatMap((one) => filesIn(join(folder, one)));
  const files = paths.map((name) => ({ name, content: readFileSync(name, 'utf8'), mutate: true as const }));
  const found = await instrumenter.instrument(files, { plugins: null, excludedMutations: [], ignorers: [] });
  for (const { name, content } of found.files) writeFileSync(name, content);
  const mutants = found.mutants.map(({ id, fileName, mutatorName, replacement, location }): Mutant => {
    const file = relative(folder, fileName);
    const text = readFileSync(join(root, file), 'utf8').split('\n');
    const from = textAt(text, location.start, location.end);
    const { line, column } = location.start;
    return { id, file, line: line + 1, column: column + 1, mutator: mutatorName, from, to: replacement };
  });
  return { folder, mutants };
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

function textAt(lines: readonly string[], start: Place, end: Place): string {
  const found = lines.slice(start.line, end.line + 1);
  const last = found.length - 1;
  return found
    .map((line, index) => line.slice(index === 0 ? start.column : 0, index === last ? end.column : undefined))
    .join(' ');
}

async function loadInstrumenter(): Promise<Instrumenter> {
  const folder = inCache('mutants', '10.1.1');
  const modules = join(folder, 'node_modules');
  if (!existsSync(join(modules, '@stryker-mutator', 'instrumenter', 'package.json'))) {
    mkdirSync(folder, { recursive: true });
    const options = ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', folder];
    execFileSync('npm', [...options, ...PACKAGES], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  const load = async (name: string): Promise<Record<string, unknown>> => {
    const path = join(modules, name);
    return (await import(pathToFileURL(join(path, 'dist', 'src', 'index.js')).href)) as Record<string, unknown>;
  };
  const { createInstrumenter } = await load('@stryker-mutator/instrumenter');
  const { createInjector } = (await load('typed-inject')) as { createInjector: () => Injector };
  const silent = new Proxy({}, { get: (_target, name) => () => !String(name).startsWith('is') });
  return createInjector().provideValue('logger', silent).provideValue('options', {}).injectFunction(createInstrumenter);
}

interface Injector {
  provideValue: (name: string, value: object) => Injector;
  injectFunction: (create: unknown) => Instrumenter;
}
