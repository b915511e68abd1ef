// The files that are made from the code: what `npm run generate` writes and a test compares with what is committed.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { triggersTable } from './documents/triggers-table.ts';
import { runCommand } from './demo/run-command.ts';
import { definitionRules, ownKindsRules } from './documents/chart-rules.ts';
import { clientsTable } from './documents/clients-table.ts';
import { jobKindsTable } from './documents/job-kinds-table.ts';
import { metricsTable } from './documents/metrics-table.ts';
import { optionsTable } from './documents/options-table.ts';
import { ROOT, withSection } from './documents/sections.ts';
import { troubleshooting, TROUBLESHOOTING } from './documents/troubleshooting.ts';
import { VALUES_SCHEMA, valuesSchema } from './documents/values-schema.ts';
import { valuesTable } from './documents/values-table.ts';

const MAIN = join(ROOT, 'src/cli/main.ts');

/** Folders that hold nothing else. */
export const GENERATED_FOLDERS = ['charts/nodewright/crds', 'repo-template/schemas'] as const;

/** Path from the top → content. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ...(await written('charts/nodewright/crds', ['crds'])),
    ...(await written('repo-template/schemas', ['schema'])),
    ...(await written('repo-template/schemas', ['schema', '--format', 'markdown'])),
    await section('src/cli/README.md', 'options', await optionsTable()),
    await section('src/controller/README.md', 'triggers', triggersTable()),
    await section('repo-template/docs/kinds/blockchain-node.md', 'clients', clientsTable()),
    await section('repo-template/docs/README.md', 'jobs', jobKindsTable()),
    await section('repo-template/docs/observing.md', 'metrics', await metricsTable()),
    await section('charts/nodewright/files/namespaced-rules.yaml', 'own kinds', ownKindsRules()),
    await section('charts/nodewright/files/definition-rules.yaml', 'definitions', definitionRules()),
    await section('charts/nodewright/README.md', 'values', await valuesTable()),
    [VALUES_SCHEMA, await valuesSchema()],
    [TROUBLESHOOTING, await troubleshooting()],
  ]);
}

async function section(document: string, name: string, content: string): Promise<readonly [string, string]> {
  return [document, await withSection(document, name, content)];
}

/** What a command writes with `--out`, as if it had gone to `folder`. */
async function written(folder: string, command: readonly string[]): Promise<(readonly [string, string])[]> {
  const out = await mkdtemp(join(tmpdir(), 'nodewright-generated-'));
  try {
    await runCommand(process.execPath, [MAIN, ...command, '--out', out]);
    const names = await readdir(out);
    return await Promise.all(
      names.map(async (name) => [`${folder}/${name}`, await readFile(join(out, name), 'utf8')] as const),
    );
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}
