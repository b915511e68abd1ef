// What comes from a Git server, and a Git directory on disk. Checksums are put right after a mutation, as an attacker would.

import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { deflateSync } from 'node:zlib';

import { parseCommit, signatureOf } from '../../../src/git/commit-object.ts';
import { encodePackIndex } from '../../../src/git/encode-pack-index.ts';
import { GitError } from '../../../src/git/errors.ts';
import { IncomingPack } from '../../../src/git/incoming-pack.ts';
import { indexPack } from '../../../src/git/index-pack.ts';
import { inspectStart } from '../../../src/git/inspect-answer.ts';
import { DEFAULT_LIMITS } from '../../../src/git/limits.ts';
import { listTree, TreeCache } from '../../../src/git/listing.ts';
import { openLocalRepository } from '../../../src/git/local.ts';
import { objectId, ObjectStore } from '../../../src/git/object-store.ts';
import { applyDelta, deltaResultSize, parseEntryHeader } from '../../../src/git/pack-entry.ts';
import { parsePackIndex } from '../../../src/git/pack-index.ts';
import { readReport } from '../../../src/git/push/receive-report.ts';
import { redactor } from '../../../src/git/remote.ts';
import { compareTrees } from '../../../src/git/push/tree-difference.ts';
import { encodeTree, parseTree } from '../../../src/git/tree-object.ts';
import { textAt } from '../../../src/lib/json-value.ts';
import { verifyTip } from '../../../src/git/verify.ts';
import type { Reader } from '../reader.ts';
import { scratchFolder } from '../scratch-folder.ts';

const OID = 'a'.repeat(40);
const COMMIT = `tree ${OID}\nparent ${OID}\nauthor A U Thor <a@example.com> 1700000000 +0100\ncommitter C <c@example.com> 1700000000 +0000\nencoding ISO-8859-1\ngpgsig -----BEGIN SSH SIGNATURE-----\n AAAA\n -----END SSH SIGNATURE-----\n\nsubject\n\nbody\n`;
const entry = (mode: string, name: string): { mode: string; name: Buffer; oid: string } => ({
  mode,
  name: Buffer.from(name),
  oid: OID,
});
const TREE = encodeTree([
  entry('100644', 'fleet.yaml'),
  entry('40000', 'nodes'),
  entry('120000', 'link'),
  entry('160000', 'sub'),
]);
const base = Buffer.from('base content of a blob, long enough for a copy');
const DELTA = Buffer.concat([Buffer.from([base.length, 20, 0x91, 0, 10, 10]), Buffer.from('0123456789')]);

function header(code: number, size: number): Buffer {
  return Buffer.from(size < 16 ? [(code << 4) | size] : [0x80 | (code << 4) | (size & 15), size >> 4]);
}

function packOf(...entries: readonly Buffer[]): Buffer {
  const count = Buffer.alloc(4);
  count.writeUInt32BE(entries.length);
  return Buffer.concat([Buffer.from('PACK\0\0\0\u0002'), count, ...entries]);
}

function whole(code: number, content: Buffer, before = Buffer.alloc(0)): Buffer {
  return Buffer.concat([header(code, content.length), before, deflateSync(content)]);
}

const blob = whole(3, base);
const PACKS = [
  packOf(blob, whole(6, DELTA, Buffer.from([blob.length])), whole(1, Buffer.from(COMMIT)), whole(2, TREE)),
  packOf(whole(7, DELTA, Buffer.from(objectId('blob', base), 'hex')), blob),
  // A delta on the object whose name is all zeros: no object has it.
  packOf(whole(7, DELTA, Buffer.alloc(20)), blob),
  packOf(whole(3, Buffer.alloc(2000))),
];

function withSum(data: Buffer): Buffer {
  return Buffer.concat([data, createHash('sha1').update(data).digest()]);
}

const root = scratchFolder();
const packPath = join(root, 'pack');
const signal = new AbortController().signal;

async function index(pack: Buffer): Promise<Buffer> {
  writeFileSync(packPath, pack);
  const file = await open(packPath, 'r');
  try {
    const store = {
      has: () => Promise.resolve(false),
      read: () => Promise.reject(new GitError('OBJECT_MISSING', 'none')),
    };
    return await encodePackIndex(await indexPack(file, pack.length, { store, signal }), pack.subarray(-20));
  } finally {
    await file.close();
  }
}

const INDEX = await index(withSum(PACKS[0] ?? Buffer.alloc(0)));

function pkt(text: string): string {
  return `${(text.length + 4).toString(16).padStart(4, '0')}${text}`;
}

/** A repository on disk whose files the input writes, with a separator between them. */
const FILES = [
  'HEAD',
  'packed-refs',
  'objects/info/alternates',
  'refs/heads/main',
  'config',
  'shallow',
  'objects/pack/pack-1.idx',
  'objects/pack/pack-1.pack',
  `objects/aa/${'a'.repeat(38)}`,
];
const SEPARATOR = '\u0001--\u0001';

async function readDirectory(input: Buffer): Promise<unknown> {
  const dir = join(root, 'repo');
  for (const folder of ['objects/info', 'objects/pack', 'objects/aa', 'refs/heads'])
    mkdirSync(join(dir, folder), { recursive: true });
  const parts = input.toString('latin1').split(SEPARATOR);
  for (const [at, name] of FILES.entries()) writeFileSync(join(dir, name), Buffer.from(parts[at] ?? '', 'latin1'));
  const repository = await openLocalRepository(dir);
  try {
    const oid = await repository.resolve('HEAD~1');
    return [oid, await repository.commit(oid), await repository.list(oid), await repository.ancestry(oid, OID)];
  } finally {
    await repository.close();
  }
}

const DIRECTORY = ['ref: refs/heads/main\n', `# pack-refs with: peeled fully-peeled sorted\n${OID} refs/heads/main\n^${OID}\n`, '# none\n', `${OID}\n`, '[core]\n\tbare = true\n', `${OID}\n`,
  INDEX.toString('latin1'), withSum(PACKS[0] ?? Buffer.alloc(0)).toString('latin1'), deflateSync(Buffer.from(`commit ${COMMIT.length}\0${COMMIT}`)).toString('latin1'),
].join(SEPARATOR); // prettier-ignore

const isGit = (error: unknown): boolean => error instanceof GitError;

export const readers: readonly Reader[] = [
  {
    name: 'git-commit',
    corpus: [COMMIT],
    read: (input) => [parseCommit(OID, input), signatureOf(input)?.format],
    mayThrow: isGit,
    messages: (result) => textsOf(result),
  },
  {
    name: 'git-tree',
    corpus: [TREE, encodeTree([entry('100644', 'a'), entry('100755', 'b c'), entry('160000', 'é')])],
    mayThrow: isGit,
    read: async (input) => {
      const store = storeOf(new Map([['b'.repeat(40), { type: 'tree', content: input }]]));
      return [
        parseTree(input).length,
        await listTree('b'.repeat(40), { store, limits: DEFAULT_LIMITS, cache: new TreeCache() }),
      ];
    },
  },
  {
    name: 'git-tree-difference',
    corpus: [TREE, encodeTree([entry('100644', 'fleet.yaml'), entry('40000', 'nodes')])],
    mayThrow: isGit,
    read: (input) => [compareTrees(TREE, input).added.length, compareTrees(input, TREE).added.length],
  },
  {
    name: 'git-push-report',
    corpus: [pkt(`\u0001${pkt('unpack ok\n')}${pkt('ng refs/heads/x no\n')}0000`) + pkt('\u0002said\n') + '0000'],
    mayThrow: isGit,
    read: async (input) => await readReport(Readable.from([input]), { isBanded: true, redact: String }),
  },
  {
    name: 'git-tip',
    corpus: [COMMIT, TREE],
    mayThrow: isGit,
    // The same bytes as a commit and as its tree, so that a tree may hold itself.
    read: async (input) => {
      const isTree = !input.includes('author');
      const commit = Buffer.from(isTree ? COMMIT.replace(/parent.*\n/, '').replace(OID, 'b'.repeat(40)) : input);
      const store = storeOf(
        new Map([
          [OID, { type: 'commit', content: commit }],
          ['b'.repeat(40), { type: 'tree', content: input }],
        ]),
      );
      await verifyTip(store, { completeTrees: new Set(), parents: new Map(), shallow: new Set() }, OID);
    },
  },
  {
    name: 'git-pack-entry',
    corpus: [blob, DELTA, deflateSync(DELTA)],
    mayThrow: isGit,
    read: (input) => {
      const found: unknown[] = [];
      for (const read of [parseEntryHeader, deltaResultSize, (data: Buffer) => applyDelta(base, data)]) {
        try {
          found.push(read(input));
        } catch (error) {
          if (!isGit(error)) throw error;
        }
      }
      return found;
    },
  },
  { name: 'git-pack', corpus: PACKS, cases: 150, read: async (input) => await index(withSum(input)), mayThrow: isGit },
  {
    name: 'git-pack-index',
    corpus: [INDEX.subarray(0, -20)],
    read: (input) => parsePackIndex(withSum(input), 500).find(OID),
    mayThrow: isGit,
  },
  {
    name: 'git-loose-object',
    corpus: [`commit ${COMMIT.length}\0${COMMIT}`, `blob ${base.length}\0${base.toString()}`],
    mayThrow: isGit,
    read: async (input) => {
      const oid = createHash('sha1').update(input).digest('hex');
      mkdirSync(join(root, 'objects', oid.slice(0, 2)), { recursive: true });
      writeFileSync(join(root, 'objects', oid.slice(0, 2), oid.slice(2)), deflateSync(input));
      return await new ObjectStore(root).read(oid);
    },
  },
  {
    name: 'git-answer',
    corpus: [
      `${pkt('# service=git-upload-pack\n')}0000${pkt(`${OID} HEAD\0side-band-64k ofs-delta\n`)}${pkt(`${OID} refs/heads/main\n`)}0000`,
      `${pkt('NAK\n')}${pkt('\u0002Counting objects\n')}${pkt('\u0001PACK')}0000`,
      `${pkt('ERR access denied\n')}0000`,
    ],
    mayThrow: isGit,
    read: async (input) => {
      const host = { url: new URL('https://git.example.com/x'), redact: redactor(undefined) };
      const incoming = new IncomingPack(join(root, 'incoming'), 'git.example.com');
      const answer = {
        url: '',
        statusCode: 200,
        statusMessage: '',
        headers: {},
        body: inspectStart(inTwo(input), host),
      };
      const { body: rest } = await incoming
        .client({ request: () => Promise.resolve(answer) })
        .request({ url: '/git-upload-pack', method: 'POST' });
      let length = 0;
      for await (const chunk of rest ?? []) length += chunk.length;
      await incoming.close();
      return length;
    },
  },
  {
    name: 'git-directory',
    corpus: [Buffer.from(DIRECTORY, 'latin1')],
    cases: 150,
    read: readDirectory,
    mayThrow: isGit,
  },
];

async function* inTwo(input: Buffer): AsyncGenerator<Uint8Array, void, undefined> {
  yield* [input.subarray(0, 30), input.subarray(30)];
}

function storeOf(objects: ReadonlyMap<string, Awaited<ReturnType<ObjectStore['read']>>>): ObjectStore {
  const store = new ObjectStore(join(root, 'nothing'));
  store.has = (oid) => Promise.resolve(objects.has(oid));
  store.read = async (oid) => objects.get(oid) ?? (await Promise.reject(new GitError('OBJECT_MISSING', `no ${oid}`)));
  return store;
}

function textsOf(result: unknown): readonly string[] {
  const info: unknown = Array.isArray(result) ? result[0] : undefined;
  return ['author', 'subject'].flatMap((name) => textAt(info, [name]) ?? []);
}
