// Everything a controller knows → the files of its part of the status branch. The one place where text is redacted.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { capText, cleanText, stripControls } from '../lib/clean-text.ts';
import { isSecretKey, redact, REDACTED, type Redactor } from '../lib/redact.ts';
import { rememberTexts } from '../lib/text-memo.ts';
import { writeYaml } from '../lib/yaml/write.ts';
import { capabilitiesDocument } from './capabilities-document.ts';
import type { FleetView } from './fleet-view.ts';
import { memoryPath } from './memory-document.ts';
import { type NodeFileOptions, writeNodeFile } from './node-file.ts';
import { syncDocument } from './sync-document.ts';

export interface DocumentOptions extends NodeFileOptions {
  /** Knows the secrets of the process; `redact` always runs as well. */
  readonly redactor?: Redactor;
}

const HEADER = '# Written by the controller; changes made by hand are overwritten.\n';
const MAX_FIELD = 4_096;
const MAX_KEY = 256;
const MAX_FILE = 524_288;

/**
 * Path → text, the whole of `<executor>/` without its jobs. Byte-stable: equal facts give equal bytes, keys are sorted,
 * and no time moves by itself. Nodes whose names cannot be a path are left out.
 */
export function documents(view: FleetView, options: DocumentOptions): Map<string, string> {
  const { redactor } = options;
  const files = new Map<string, string>([
    [syncPath(view.executor), syncFile(view, redactor)],
    [`${view.executor}/capabilities.yaml`, documentText(capabilitiesDocument(view.capabilities), redactor)],
  ]);
  if (view.policy !== undefined) files.set(`${view.executor}/policy.yaml`, documentText(view.policy, redactor));
  if (view.memory !== undefined) files.set(memoryPath(view.executor), documentText(view.memory, redactor));
  for (const one of view.nodes) {
    const { path, isSafe } = nodePath(view.executor, one.node);
    if (isSafe) files.set(path, nodeFile(view.executor, one, options));
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function syncPath(executor: string): string {
  return `${executor}/sync.yaml`;
}

/** The executor's `sync.yaml` alone. */
export function syncFile(view: FleetView, redactor?: Redactor): string {
  return documentText(syncDocument(view), redactor);
}

/** One node's file. With `options.written` it is written again only when something that it shows changed. */
export function nodeFile(executor: string, one: FleetView['nodes'][number], options: DocumentOptions): string {
  return writeNodeFile({ ...one, path: nodePath(executor, one.node).path }, options, (document) =>
    documentText(document, options.redactor),
  );
}

interface NodePath {
  readonly executor: string;
  readonly path: string;
  readonly isSafe: boolean;
}

/** Of nodes that are the very same objects as before. */
const knownPaths = new WeakMap<BlockchainNode, NodePath>();

function nodePath(executor: string, node: BlockchainNode): NodePath {
  const known = knownPaths.get(node);
  if (known?.executor === executor) return known;
  const { namespace = '', name } = node.metadata;
  const path = `${executor}/nodes/${namespace}/${name}.yaml`;
  const made = { executor, path, isSafe: isSafePath(path) };
  knownPaths.set(node, made);
  return made;
}

/** A value as YAML with every key and text cleaned, redacted and capped. Jobs' records pass through here as well. */
export function documentText(value: unknown, redactor: Redactor = redact): string {
  const text = HEADER + writeYaml(cleanValue(value, redactor));
  if (text.length <= MAX_FILE) return text;
  return HEADER + writeYaml({ tooLarge: `The document is left out: ${MAX_FILE} characters are the limit.` });
}

function cleanField(text: string, redactor: Redactor, maxLength: number): string {
  return capText(cleanerOf(redactor)(text), maxLength);
}

type Cleaner = (text: string) => string;

const cleaners = new WeakMap<Redactor, Cleaner>();

/** Most texts of a fleet are the same few thousand, and clean. No other text is remembered: it may have held a secret. */
function cleanerOf(redactor: Redactor): Cleaner {
  const known = cleaners.get(redactor);
  if (known !== undefined) return known;
  const made = rememberTexts((text) => clean(text, redactor), {
    count: 4000,
    isKept: (cleaned, text) => cleaned === text,
  });
  cleaners.set(redactor, made);
  return made;
}

/** Redacting comes after removing escapes, which could hide a secret, and before cutting, which could leave half of one. */
function clean(text: string, redactor: Redactor): string {
  return cleanText(redact(redactor(stripControls(text))), MAX_FIELD);
}

function cleanValue(value: unknown, redactor: Redactor): unknown {
  if (typeof value === 'string') return cleanField(value, redactor, MAX_FIELD);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) return value.map((member) => cleanValue(member, redactor));
  if (typeof value !== 'object' || value === null) return typeof value === 'boolean' ? value : null;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    members.map(([key, member]) => [
      cleanField(key, redactor, MAX_KEY),
      isSecretKey(key) && typeof member === 'string' ? REDACTED : cleanValue(member, redactor),
    ]),
  );
}

/** Names come from the API server, but a path is only made of what a name may hold. */
function isSafePath(path: string): boolean {
  return path.length <= 400 && path.split('/').every((part) => /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(part));
}
