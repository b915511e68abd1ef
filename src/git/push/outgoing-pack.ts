// The pack of a push: the objects that a commit has and the branch has not, found by comparing the trees that differ.

import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

import type { Oid } from '../engine.ts';
import { readTree } from '../listing.ts';
import type { ObjectStore } from '../object-store.ts';
import type { ObjectType } from '../pack-entry.ts';
import { Turns } from '../pack/turns.ts';
import { type AddedEntry, compareTrees } from './tree-difference.ts';
import { isFolder, type RawEntry } from '../tree-object.ts';

export interface Outgoing {
  readonly commit: Oid;
  readonly tree: Oid;
  /** The tree that the branch has, with everything below it. */
  readonly base: Oid | undefined;
}

export interface OutgoingPack {
  readonly objects: readonly NewObject[];
  /** Those that are trees. */
  readonly trees: readonly Oid[];
}

interface NewObject {
  readonly oid: Oid;
  readonly type: ObjectType;
  readonly content: Buffer;
  /** Shorter than the content, and made from an object of the branch. */
  readonly delta: { readonly base: Oid; readonly bytes: Buffer } | undefined;
}

const TYPE_CODES: Readonly<Record<ObjectType, number>> = { commit: 1, tree: 2, blob: 3, tag: 4 };
const REF_DELTA = 7;
const SUBMODULE = '160000';

/** Reads only what the branch has not, and the trees that differ. */
export async function collectObjects(store: ObjectStore, { commit, tree, base }: Outgoing): Promise<OutgoingPack> {
  const { type, content } = await store.read(commit);
  const objects: NewObject[] = [{ oid: commit, type, content, delta: undefined }];
  const trees: Oid[] = [];
  const taken = new Set<Oid>();
  const queue: Pair[] = [{ oid: tree, before: base }];
  const turns = new Turns();
  for (let pair = queue.pop(); pair !== undefined; pair = queue.pop()) {
    const { object, added } = await readPair(store, pair);
    objects.push(object);
    trees.push(pair.oid);
    for (const entry of added.filter(({ oid, mode }) => !taken.has(oid) && mode !== SUBMODULE)) {
      await turns.give();
      taken.add(entry.oid);
      if (isFolder(entry)) queue.push({ oid: entry.oid, before: folderOf(entry.before) });
      else objects.push({ oid: entry.oid, ...(await store.read(entry.oid)), delta: undefined });
    }
  }
  return { objects, trees };
}

interface Pair {
  readonly oid: Oid;
  /** What the branch has at the same path. */
  readonly before: Oid | undefined;
}

async function readPair(
  store: ObjectStore,
  { oid, before }: Pair,
): Promise<{ readonly object: NewObject; readonly added: readonly AddedEntry[] }> {
  const { content } = await readTree(store, oid);
  const old = before === undefined ? Buffer.alloc(0) : (await readTree(store, before)).content;
  const { added, delta } = compareTrees(old, content);
  const isShorter = before !== undefined && delta.length < content.length;
  const object = { oid, type: 'tree', content, delta: isShorter ? { base: before, bytes: delta } : undefined } as const;
  return { object, added };
}

function folderOf(entry: RawEntry | undefined): Oid | undefined {
  return entry !== undefined && isFolder(entry) ? entry.oid : undefined;
}

/** The bytes; `isThin` when the server takes deltas to objects that it has (gitformat-pack). */
export async function encodePack({ objects }: OutgoingPack, isThin: boolean): Promise<Buffer> {
  const header = Buffer.alloc(12);
  header.write('PACK');
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(objects.length, 8);
  const parts: Buffer[] = [header];
  const turns = new Turns();
  for (const { type, content, delta } of objects) {
    await turns.give();
    if (isThin && delta !== undefined)
      parts.push(entryHeader(REF_DELTA, delta.bytes.length), Buffer.from(delta.base, 'hex'), deflateSync(delta.bytes));
    else parts.push(entryHeader(TYPE_CODES[type], content.length), deflateSync(content));
  }
  const pack = Buffer.concat(parts);
  return Buffer.concat([pack, createHash('sha1').update(pack).digest()]);
}

/** Type and size: four bits of the size in the first byte, seven in each that follows. */
function entryHeader(type: number, size: number): Buffer {
  const bytes = [(type << 4) | (size & 0xf)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 0x80)) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80;
    bytes.push(rest & 0x7f);
  }
  return Buffer.from(bytes);
}
