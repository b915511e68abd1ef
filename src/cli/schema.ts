// `nodewright schema [KIND]`: the JSON Schema for editors, or a table of the fields.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Command } from 'commander';

import { toDocsTable } from '../api/docs-table.ts';
import { toEditorSchema } from '../api/editor-schema.ts';
import { chains } from '../chains/index.ts';
import { type GitKind, gitKinds, metadataOf } from '../desired/kinds.ts';
import { didYouMean } from '../lib/nearest.ts';
import { policyKind } from '../desired/policy-file.ts';
import { option, type SetExitCode } from './option.ts';

interface SchemaOptions {
  readonly out?: string;
  readonly format: 'json' | 'markdown';
}

export function addSchema(program: Command, exit: SetExitCode): void {
  program
    .command('schema')
    .description('Print the JSON Schema of a kind for editors, or its fields as a Markdown table.')
    .argument('[kind]', 'the kind (default: all)')
    .addOption(
      option('--format <format>', 'JSON Schema, or a table of the fields')
        .choices(['json', 'markdown'])
        .default('json'),
    )
    .addOption(option('--out <dir>', 'write KIND.json, or the tables as README.md, into this folder instead'))
    .action(async (kind: string | undefined, options: SchemaOptions) => exit(await schema(kind, options)));
}

/** The kinds of the repository, and the policy, which is not in the repository. */
const KINDS: readonly GitKind[] = [...gitKinds, policyKind];

async function schema(name: string | undefined, { out, format }: SchemaOptions): Promise<0> {
  const kinds = KINDS.filter(({ kind }) => name === undefined || kind.toLowerCase() === name.toLowerCase());
  if (kinds.length === 0) {
    const known = KINDS.map(({ kind }) => kind);
    throw new Error(`there is no kind ${name}; ${didYouMean(name, known, `there are: ${known.join(', ')}`)}`);
  }
  if (out === undefined) {
    process.stdout.write(format === 'markdown' ? tables(kinds) : kinds.map(toJson).join('\n'));
    return 0;
  }
  await mkdir(out, { recursive: true });
  if (format === 'markdown') await writeFile(join(out, 'README.md'), `${HEAD}${tables(kinds)}`);
  else for (const kind of kinds) await writeFile(join(out, `${kind.kind}.json`), toJson(kind));
  return 0;
}

const HEAD = `# The fields of every kind

Written by \`nodewright schema\`. The JSON files beside this one are the same for editors: the first line of a file names
its schema, \`# yaml-language-server: $schema=…\`.

`;

function tables(kinds: readonly GitKind[]): string {
  return kinds
    .map(({ kind, place, spec }) => `## ${kind}\n\n${placeOf(place)}.\n\n${toDocsTable(spec(chains)).trimEnd()}\n`)
    .join('\n');
}

function placeOf(place: string): string {
  return place.includes('--policy') ? `Passed to the controller as ${place}` : `In \`${place}\``;
}

function toJson(gitKind: GitKind): string {
  const { kind, apiVersion, place, spec, name } = gitKind;
  const description = `${kind} of ${apiVersion}. ${placeOf(place)}.`;
  // Defaults in fleet.yaml may provide the fields that a node's file omits.
  const made = toEditorSchema({
    kind,
    apiVersion,
    description,
    metadata: metadataOf(gitKind),
    name,
    spec: spec(chains),
    partial: kind === 'BlockchainNode',
  });
  return `${JSON.stringify(made, null, 2)}\n`;
}
