// What running nodes and worker pods say.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { TaskParameters } from '../../../src/api/worker-task.ts';
import { chains } from '../../../src/chains/index.ts';
import type { Reply } from '../../../src/chains/observed.ts';
import { describeSigned } from '../../../src/jobs/model/signer-state.ts';
import { parseResult } from '../../../src/jobs/task/result.ts';
import { Dir } from '../../../src/worker/files/dir.ts';
import { readManifest } from '../../../src/worker/manifest/manifest-reader.ts';
import { readJournal } from '../../../src/worker/restore/journal.ts';
import { runTask } from '../../../src/worker/run-task.ts';
import { parseSignerState } from '../../../src/worker/signer/signer-state.ts';
import { TaskError } from '../../../src/worker/task-error.ts';
import { examples } from '../../chains/examples.ts';
import { recordedFor } from '../../chains/replies.ts';
import { ORIGIN } from '../../worker/support/params.ts';
import { SECRET, type Reader } from '../reader.ts';
import { scratchFolder } from '../scratch-folder.ts';

const RESULT = {
  ok: true,
  height: 5,
  bytes: 1,
  files: 2,
  manifestSha256: 'a'.repeat(64),
  message: 'm',
  code: 'SourceMissing',
  verb: 'backup',
};
const SIGNER = { height: '42', round: 0, step: 3, signature: 'AA==', signbytes: '00' };
const JOURNAL = {
  format: 'nodewright-restore/1',
  id: 'r',
  phase: 'staged',
  manifestSha256: 'a',
  old: ['a'],
  new: ['b'],
};
const KEY_FILES = {
  'priv_validator_key.json': JSON.stringify({ address: 'A', pub_key: { type: 't', value: 'v' }, priv_key: { type: 'tendermint/PrivKeyEd25519', value: Buffer.from(SECRET + SECRET, 'hex').toString('base64') } }),
  'keystore.json': JSON.stringify({ crypto: { kdf: {} }, pubkey: 'ab'.repeat(48) }),
}; // prettier-ignore
const HEAD = {
  format: 'nodewright-backup/1',
  layout: 'volumes',
  origin: ORIGIN,
  createdAt: '2026-03-01T12:00:00Z',
  volumes: ['data'],
  ownersKept: true,
};
const common = { volume: 'data', uid: 0, gid: 0, mtimeUs: 1 };
const ENTRIES = [
  { ...common, path: '.', type: 'dir', mode: '0755' },
  { ...common, path: 'a', type: 'file', mode: '0644', size: 1, sha256: 'b'.repeat(64) },
  { ...common, path: 'b', type: 'symlink', target: '../x' },
];
const FOOT = {
  totals: { data: { dirs: 1, files: 1, links: 1, bytes: 1, stored: 4096 } },
  skipped: [],
  skippedCount: 0,
  changedWhileCopying: [],
  changedCount: 0,
};
const MANIFEST = `${JSON.stringify(HEAD).slice(0, -1)},"entries":[\n${ENTRIES.map((entry) => JSON.stringify(entry)).join(',\n')}\n],"end":${JSON.stringify(FOOT)}}\n`;

const root = scratchFolder();
mkdirSync(join(root, 'backup'));

/** A reader of a file in a folder, as the worker opens it. */
function inFolder(name: string, read: (dir: Dir) => unknown): Reader['read'] {
  return (input) => {
    writeFileSync(join(root, 'backup', name), input);
    const dir = Dir.openRoot(join(root, 'backup'));
    try {
      return read(dir);
    } finally {
      dir.close();
    }
  };
}

function bodiesIn(input: Buffer): ReadonlyMap<string, Reply> {
  try {
    const value: unknown = JSON.parse(input.toString());
    const bodies = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    return new Map(bodies.map(([id, body]): [string, Reply] => [id, { ok: true, status: 200, body }]));
  } catch {
    return new Map();
  }
}

function textsIn(input: Buffer): Record<string, string> {
  return Object.fromEntries(
    [...bodiesIn(input)].flatMap(([name, reply]) =>
      reply.ok && typeof reply.body === 'string' ? [[name, reply.body]] : [],
    ),
  );
}

const isTask = (error: unknown): boolean => error instanceof TaskError;
const shared = { isJson: true, cases: 150 } as const;

export const readers: readonly Reader[] = [
  ...examples.map(({ name, node, chain }): Reader => ({
    ...shared,
    name: `replies-${name}`,
    cases: 40,
    corpus: [JSON.stringify(recordedFor(node))],
    read: (input) => chain.facts(node, bodiesIn(input)),
  })),
  {
    ...shared,
    name: 'worker-result',
    corpus: [JSON.stringify(RESULT)],
    read: (input) => parseResult(input.toString()),
  },
  {
    ...shared,
    name: 'signer-text',
    corpus: [JSON.stringify(SIGNER)],
    read: (input) => ({ message: describeSigned(input.toString()) }),
  },
  {
    ...shared,
    name: 'signer-state',
    corpus: [JSON.stringify(SIGNER)],
    read: (input) => parseSignerState(input.toString(), 'priv_validator_state.json'),
    mayThrow: isTask,
  },
  {
    ...shared,
    name: 'restore-journal',
    corpus: [JSON.stringify(JOURNAL)],
    read: inFolder('journal.json', readJournal),
    mayThrow: isTask,
  },
  {
    name: 'backup-manifest',
    corpus: [MANIFEST],
    read: inFolder('manifest.json', (dir) => [...readManifest(dir)]),
    mayThrow: isTask,
  },
  {
    ...shared,
    name: 'secret-keys',
    corpus: [JSON.stringify(KEY_FILES)],
    read: (input) => chains.map((chain) => chain.signingKeys?.(textsIn(input)) ?? []),
  },
  {
    ...shared,
    name: 'task-parameters',
    cases: 60,
    corpus: [
      JSON.stringify({ verb: 'check', from: '/none', expect: { chain: 'c' } }),
      JSON.stringify({ verb: 'seal', volume: 'data', at: '/none', origin: ORIGIN }),
    ],
    // What parses would be done: only what is refused is of interest here.
    read: async (input) => {
      if (accepts(input.toString())) return undefined;
      const said: string[] = [];
      const context = { signal: new AbortController().signal, say: (line: string) => void said.push(line) };
      await runTask({ parameters: input.toString(), resultPath: join(root, 'result'), context });
      return said.map((message) => ({ message }));
    },
  },
];

function accepts(text: string): boolean {
  try {
    return TaskParameters.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}
