// Reads node documents back from a status branch, whoever wrote them.

import { parse } from 'yaml';
import { z } from 'zod';

const Text = z.string().max(10_000).catch('');

const Document = z.object({
  spec: z.object({ chain: Text, network: Text }).catch({ chain: '', network: '' }),
  status: z.object({
    phase: Text,
    conditions: z.array(z.object({ type: Text, status: Text, reason: Text, message: Text })).catch([]),
    hold: z.object({ message: Text }).optional().catch(undefined),
  }),
  snapshot: z.object({ height: z.number().optional().catch(undefined) }).catch({}),
});

export interface TreeNode {
  readonly executor: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  readonly chain: string;
  readonly network: string;
  readonly phase: string;
  readonly height: number | undefined;
  /** Why it is not Ready; empty when it is. */
  readonly message: string;
  readonly hold: string | undefined;
}

const NODE_PATH = /^([^/]+)\/nodes\/([^/]+)\/([^/]+)\.yaml$/;
const MAX_TEXT = 524_288 * 2;

export interface TreeReader {
  /** The node that a file describes; undefined when it describes none, or nothing readable. */
  node(path: string, text: string): TreeNode | undefined;
  /** The state of an executor's sync, from `<executor>/sync.yaml`. */
  sync(path: string, text: string): TreeSync | undefined;
  /** The one-shot job that a record describes. */
  job(path: string, text: string): TreeJob | undefined;
}

/** Files that a reader remembers; beyond it starts anew. */
const MAX_REMEMBERED = 100_000;

/** A reader that remembers the last two texts of each path: of a thousand files only those that changed are parsed. */
export function createTreeReader(): TreeReader {
  return { node: remembering(readTreeNode), sync: remembering(readTreeSync), job: remembering(readTreeJob) };
}

function remembering<T>(read: (path: string, text: string) => T): (path: string, text: string) => T {
  const known = new Map<string, readonly { readonly text: string; readonly value: T }[]>();
  return (path, text) => {
    const texts = known.get(path) ?? [];
    const found = texts.find((one) => one.text === text);
    if (found !== undefined) return found.value;
    const value = read(path, text);
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(path, [{ text, value }, ...texts.slice(0, 1)]);
    return value;
  };
}

function readTreeNode(path: string, text: string): TreeNode | undefined {
  const [, executor, namespace, name] = NODE_PATH.exec(path) ?? [];
  if (executor === undefined || namespace === undefined || name === undefined) return undefined;
  const document = Document.safeParse(parseYaml(text)).data;
  if (document === undefined) return undefined;
  const { spec, status, snapshot } = document;
  const ready = status.conditions.find(({ type }) => type === 'Ready');
  const message = ready === undefined || ready.status === 'True' ? '' : `${ready.reason}: ${ready.message}`;
  return {
    executor,
    namespace,
    name,
    path,
    message,
    chain: spec.chain,
    network: spec.network,
    phase: status.phase,
    height: snapshot.height,
    hold: status.hold?.message,
  };
}

const Sync = z.object({
  executor: Text,
  controllerVersion: Text,
  state: Text,
  summary: Text,
  revision: z.object({ applied: Text }).catch({ applied: '' }),
});

export type TreeSync = z.infer<typeof Sync>;

function readTreeSync(path: string, text: string): TreeSync | undefined {
  const [, executor] = /^([^/]+)\/sync\.yaml$/.exec(path) ?? [];
  if (executor === undefined) return undefined;
  const sync = Sync.safeParse(parseYaml(text)).data;
  return sync === undefined ? undefined : { ...sync, executor };
}

const Job = z.object({ kind: z.string().max(63), name: z.string().max(253), phase: z.string().max(63) });

export type TreeJob = z.infer<typeof Job>;

function readTreeJob(path: string, text: string): TreeJob | undefined {
  return /^[^/]+\/jobs\/[^/]+\/[^/]+\/[^/]+\.yaml$/.test(path) ? Job.safeParse(parseYaml(text)).data : undefined;
}

function parseYaml(text: string): unknown {
  if (text.length > MAX_TEXT) return undefined;
  try {
    return parse(text, { maxAliasCount: 0, logLevel: 'silent' });
  } catch {
    return undefined;
  }
}
