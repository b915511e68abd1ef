// Every field of the verification file changes which revisions are accepted.

import { createMessage, generateKey, readPrivateKey, sign } from 'openpgp';
import { describe } from 'vitest';

import { whyUnverified } from '../../../src/controller/fleet/verify-revision.ts';
import type { CommitInfo, CommitSignature, TreeEntry } from '../../../src/git/engine.ts';
import type { JsonObject } from '../../../src/lib/json-value.ts';
import { Verification } from '../../../src/signatures/verification-file.ts';
import { createVerifier } from '../../../src/signatures/verifier.ts';
import { makeSshKey, sshSign } from '../../signatures/keys.ts';
import { testEveryField, type FieldCases, type Outcome } from './schema-fields.ts';

const NOW = Date.UTC(2026, 10, 28);
const PAYLOAD = `tree ${'0'.repeat(40)}\ncommitter A <a@example.com> ${NOW / 1000} +0000\n\nChange\n`;
const payload = Buffer.from(PAYLOAD);

const ssh = makeSshKey('ed25519');
const other = makeSshKey('ed25519');
const ALLOWED = `alice@example.com ${ssh.publicKey}\n`;

async function pgpKey(email: string): Promise<{ readonly ring: string; readonly signature: string }> {
  const date = new Date(NOW - 86_400_000);
  const { privateKey, publicKey } = await generateKey({ userIDs: [{ email }], date });
  const signingKeys = await readPrivateKey({ armoredKey: privateKey });
  const message = await createMessage({ binary: payload });
  const signature = await sign({ message, signingKeys, detached: true, date: new Date(NOW) });
  return { ring: publicKey, signature };
}

const pgp = await pgpKey('alice@example.com');
const stranger = await pgpKey('bob@example.com');

interface Commit {
  readonly parents: readonly string[];
  readonly signature: CommitSignature | undefined;
  readonly jobs: string;
}

const SSH: CommitSignature = { payload, signature: sshSign(ssh, PAYLOAD), format: 'ssh' };
const PGP: CommitSignature = { payload, signature: pgp.signature, format: 'pgp' };
const ID = { base: 'a'.repeat(40), unsigned: 'b'.repeat(40), tip: 'c'.repeat(40), pgp: 'd'.repeat(40) };

/** Oldest first: a trusted commit, one that is not signed, and two that are, the first of which changes `jobs/one.yaml`. */
const COMMITS = new Map<string, Commit>([
  [ID.base, { parents: [], signature: SSH, jobs: 'old' }],
  [ID.unsigned, { parents: [ID.base], signature: undefined, jobs: 'old' }],
  [ID.tip, { parents: [ID.unsigned], signature: SSH, jobs: 'new' }],
  [ID.pgp, { parents: [ID.tip], signature: PGP, jobs: 'new' }],
]);

function commitOf(id: string): Commit {
  const found = COMMITS.get(id);
  if (found === undefined) throw new Error(`no commit ${id}`);
  return found;
}

const TEXT = { tree: '', author: '', authoredAt: 0, subject: '', message: '' };

const source = {
  ancestry: async () => await Promise.resolve('forward' as const),
  between: async (from: string, to: string) => {
    const ids = [...COMMITS.keys()];
    return await Promise.resolve(ids.slice(ids.indexOf(from) + 1, ids.indexOf(to) + 1).toReversed());
  },
  commit: async (oid: string): Promise<CommitInfo> =>
    await Promise.resolve({ ...TEXT, oid, parents: commitOf(oid).parents }),
  list: async (id: string): Promise<readonly TreeEntry[]> =>
    await Promise.resolve([{ path: 'jobs/one.yaml', oid: commitOf(id).jobs, type: 'file' }]),
  signature: async (id: string) => await Promise.resolve(commitOf(id).signature),
};

/** What is said of two revisions, on a first start and after the first commit was applied. */
async function outcome(spec: JsonObject): Promise<Outcome> {
  const parsed = Verification.safeParse(spec);
  if (!parsed.success) return { errors: parsed.error.issues.map(({ message }) => message) };
  const verifier = await createVerifier(parsed.data, () => NOW);
  if (!verifier.ok) return { errors: verifier.problems };
  const trust = { verification: parsed.data, verify: verifier.verify };
  const said: (string | undefined)[] = [];
  for (const applied of [undefined, ID.base, ID.unsigned])
    for (const tip of [ID.tip, ID.pgp])
      said.push(await whyUnverified({ source, trust }, { tip, applied }, new AbortController().signal));
  return { errors: [], said };
}

const RULE: JsonObject = { paths: ['jobs/**'] };
const base: JsonObject = { allowedSigners: ALLOWED };

function withRule(rule: JsonObject): JsonObject {
  return { ...base, rules: [{ ...RULE, ...rule }] };
}

const CASES: FieldCases = {
  since: { to: ID.base },
  allowedSigners: { to: `alice@example.com ${other.publicKey}\n` },
  keyRing: { from: stranger.ring, to: pgp.ring },
  'rules[].paths[]': { base: withRule({ signers: 2 }), to: 'nodes/**' },
  'rules[].signers': { base: withRule({}), from: 1, to: 2 },
  'rules[].principals[]': { base: withRule({}), from: 'alice@example.com', to: 'bob@example.com' },
  'rules[].orMergedBy[]': { base: withRule({ signers: 2 }), from: 'alice@example.com', to: 'bob@example.com' },
};

describe('verification file', () => {
  testEveryField({ schema: Verification, base, cases: CASES, file: 'test/api/fields/verification.test.ts', outcome });
});
