// `nodewright schema [KIND]`: JSON Schema for editors, or the fields as a table.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Command } from 'commander';

import { toDocsTable } from '../api/docs-table.ts';
import { toEditorSchema } from '../api/editor-schema.ts';
import { chains } from '../chains/index.ts';
import { type GitKind, gitKinds, GitMetadata } from '../desired/kinds.ts';
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
      option('--format <format>', 'json, or markdown for a table').choices(['json', 'markdown']).default('json'),
    )
    .addOption(option('--out <dir>', 'write <Kind>.json for every kind into a folder'))
    .action(async (kind: string | undefined, options: SchemaOptions) => exit(await schema(kind, options)));
}

async function schema(name: string | undefined, { out, format }: SchemaOptions): Promise<0 | 2> {
  const kinds = gitKinds.filter(({ kind }) => name === undefined || kind === name);
  if (kinds.length === 0) {
    process.stderr.write(
      `error: there is no kind ${name}; there are: ${gitKinds.map(({ kind }) => kind).join(', ')}\n`,
    );
    return 2;
  }
  if (out !== undefined) {
    await mkdir(out, { recursive: true });
    for (const kind of kinds)
      await writeFile(join(out, `${kind.kind}.json`), `${JSON.stringify(editorSchema(kind), null, 2)}\n`);
    return 0;
  }
  const texts = kinds.map((kind) =>
    format === 'markdown'
      ? `## ${kind.kind}\n\n${toDocsTable(kind.spec(chains))}`
      : JSON.stringify(editorSchema(kind), null, 2),
  );
  process.stdout.write(`${texts.join('\n\n')}\n`);
  return 0;
}

function editorSchema({ kind, apiVersion, place, spec }: GitKind): unknown {
  const description = `${kind} of ${apiVersion}; lies in ${place}.`;
  // Defaults in fleet.yaml may provide what a node's own file leaves out.
  return toEditorSchema({
    kind,
    apiVersion,
    description,
    metadata: GitMetadata,
    spec: spec(chains),
    partial: kind === 'BlockchainNode',
  });
}
