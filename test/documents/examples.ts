// YAML examples in documents, read as the controller reads a commit.

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { parseAllDocuments } from 'yaml';

import { DEFAULT_NAMESPACE } from '../../src/api/group.ts';
import { gitKinds } from '../../src/desired/kinds.ts';
import { completePolicy } from '../../src/desired/policy-file.ts';
import { readDesired } from '../../src/desired/read.ts';
import { sources } from '../support/desired-files.ts';
import type { CodeBlock, Markdown } from './markdown.ts';
import { ROOT } from './sections.ts';

export interface Example {
  readonly document: string;
  readonly line: number;
  readonly kind: string;
  readonly text: string;
}

/** Every block that is a whole document of one of our kinds. */
export function examplesIn(documents: readonly Markdown[]): readonly Example[] {
  return documents.flatMap(({ path, blocks }) => blocks.flatMap((block) => asExample(path, block)));
}

function asExample(document: string, { language, line, text }: CodeBlock): readonly Example[] {
  if (language !== 'yaml') return [];
  const kind = parseAllDocuments(text)[0]?.get('kind');
  const isOurs = typeof kind === 'string' && gitKinds.some((known) => known.kind === kind);
  return isOurs && /^apiVersion:/m.test(text) ? [{ document, line, kind, text }] : [];
}

/** The errors of an example in a repository that has the template's nodes, and two validators. */
export async function problemsOf(example: Example): Promise<readonly string[]> {
  const place = gitKinds.find(({ kind }) => kind === example.kind)?.place ?? '';
  const path = place.endsWith('/') ? `${place}example.yaml` : place;
  const isSameNode = (text: string): boolean => nameIn(text) === nameIn(example.text) && example.kind === NODE;
  const others = Object.entries({ ...(await templateNodes()), ...VALIDATORS }).filter(([, text]) => !isSameNode(text));
  const { problems } = readDesired(sources({ ...Object.fromEntries(others), [path]: example.text }), {
    defaultNamespace: DEFAULT_NAMESPACE,
    policy: completePolicy(POLICY, { namespace: DEFAULT_NAMESPACE }),
  });
  return problems.filter(({ level, file }) => level === 'error' && file === path).map(({ message }) => message);
}

/** The default, with the location that the examples of the handbook name. */
const POLICY = {
  backupLocations: { offsite: { endpoint: 'https://s3.example.com', bucket: 'backups', secret: 'backup-keys' } },
};

const NODE = 'BlockchainNode';

function nameIn(text: string): unknown {
  return parseAllDocuments(text)[0]?.getIn(['metadata', 'name']);
}

async function templateNodes(): Promise<Readonly<Record<string, string>>> {
  const root = join(ROOT, 'repo-template');
  const names = await readdir(join(root, 'nodes'), { recursive: true });
  const paths = names.filter((name) => name.endsWith('.yaml')).map((name) => `nodes/${name}`);
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path, await readFile(join(root, path), 'utf8')] as const)),
  );
}

const VALIDATORS = {
  'nodes/validator-a.yaml': validator('validator-a'),
  'nodes/validator-b.yaml': validator('validator-b'),
};

function validator(name: string): string {
  return `apiVersion: validatoros.com/v1alpha1
kind: BlockchainNode
metadata: { name: ${name} }
spec:
  chain: cosmos
  network: private-1
  nodeType: validator
  clients: { node: { name: cometbft } }
  storage: { data: { size: 10Gi } }
  genesis: { configMap: { name: private-1-genesis, key: genesis.json } }
  identity: { secretName: ${name}-key }
`;
}
