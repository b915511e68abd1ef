// Reads all files of a commit into the desired state and its problems.

import { FLEET_FILE } from '../api/fleet.ts';
import { chains as allChains } from '../chains/index.ts';
import type { Chain } from '../chains/chain.ts';
import { brokenBy } from './broken-by.ts';
import type { Context } from './context.ts';
import { crossCheck, type Conflicts } from './cross-check.ts';
import type { DesiredNode, DesiredSet, SourceFile } from './desired-set.ts';
import { unlistedExecutor } from './executor.ts';
import { parseSource, type FileContent } from './file-content.ts';
import { readFleet, unmatchedFolders } from './fleet.ts';
import { gatherProblems, sortProblems } from './gather-problems.ts';
import { readNodeFile, type NodeFile } from './node-file.ts';
import type { GitRole } from './kinds.ts';
import { readPatches, unmatchedIn } from './patches.ts';
import { finish } from '../lib/finish.ts';
import { createCommitBudget, isAmple, type PatchCost, spend } from '../lib/patch-budget.ts';
import type { Policy } from '../policy/policy.ts';
import { completePolicy } from './policy-file.ts';
import type { Problem } from './text/problem.ts';
import { cacheKey, createReadCache, type ReadCache } from './read-cache.ts';
import { readRequests, type RequestFiles } from './requests.ts';
import type { ResolvedNode } from './resolve-node.ts';
import { asideProblems, strayFiles } from './stray-files.ts';

export interface ReadOptions {
  /** The namespace of nodes whose files name none. */
  readonly defaultNamespace: string;
  /** Default: all chains. The cache works only with the same array in each call. */
  readonly chains?: readonly Chain[];
  /** Default: the policy of a controller without a policy file. */
  readonly policy?: Policy;
  /** What all patches of the commit together may do. Default: enough for ten thousand nodes. */
  readonly patchLimit?: PatchCost;
  /** On whose behalf the files are read. */
  readonly executor?: string;
  /** Kept by the caller between reads. */
  readonly cache?: ReadCache;
}

/** `readInSteps` with its options. */
export type ReadInSteps = (files: readonly SourceFile[]) => Generator<void, DesiredSet>;

/**
 * Reads all folders of the repository. Never throws for the content of a file. A broken node is absent from `nodes` and
 * present in `brokenNodes` or `brokenFiles`; other nodes are not affected.
 */
export function readDesired(files: readonly SourceFile[], options: ReadOptions): DesiredSet {
  return finish(readInSteps(files, options));
}

/** The same, with a pause after each file: ten thousand files take seconds, in which other tasks must run. */
export function* readInSteps(files: readonly SourceFile[], options: ReadOptions): Generator<void, DesiredSet> {
  const { defaultNamespace, chains = allChains, cache = createReadCache() } = options;
  const policy = options.policy ?? completePolicy({}, { namespace: defaultNamespace });
  const sources = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const contents = yield* readContents(sources, cache);
  const strays = strayFiles(sources, defaultNamespace);
  const fleetFile = contents.find(hasRole('fleet'))?.content;
  const fleet = readFleet(fleetFile, { chains, policy, isElsewhere: strays.fleet });
  const patches = yield* readPatches(
    contents.filter(hasRole('patch')).map(({ content }) => content),
    chains,
  );
  const patchBudget = createCommitBudget(options.patchLimit);
  const context = createContext({ chains, fleet, patches, defaultNamespace, policy, patchBudget });
  const nodeFiles = yield* readNodeFiles(contents, context, cache);
  const conflicts = yield* crossCheck(nodeFiles, chains);
  const nodes = fleet.broken ? new Map<string, DesiredNode>() : yield* goodNodes(nodeFiles, conflicts);
  const unread = strays.nodes.filter((key) => !nodes.has(key));
  const broken = brokenOnes(nodeFiles, conflicts, { ...context, unread });
  const requests = yield* readRequests(
    contents.filter(hasRole('request', 'schedule')).map(({ content }) => content),
    context,
    knownNodes(nodes, broken, nodeFiles),
  );
  const problems = sortProblems([
    ...[strays, fleet, patches, conflicts, requests].flatMap((one) => one.problems),
    ...asideProblems(strays.aside, [nodes, broken.brokenNodes]),
    ...problemsOfNodes(nodeFiles, context, strays.nodes),
  ]);
  return {
    fleet: fleet.fleet,
    nodes,
    requests: fleet.broken ? new Map() : requests.requests,
    brokenRequests: brokenRequests(requests, fleet.broken, strays.requests),
    schedules: fleet.broken ? new Map() : requests.schedules,
    ...broken,
    brokenFiles: new Set([...broken.brokenFiles, ...requests.brokenFiles]),
    brokenBy: brokenBy(nodeFiles, conflicts.keys, problems),
    fleetBroken: fleet.broken,
    unlisted: unlistedExecutor(options.executor, fleet),
    problems,
    counts: {
      files: contents.length,
      nodeFiles: nodeFiles.length,
      objects: nodes.size + requests.requests.size + requests.schedules.size + patches.objects + fleetObjects(fleet),
    },
  };
}

function problemsOfNodes(files: readonly NodeFile[], context: Context, strays: readonly string[]): readonly Problem[] {
  const { unknownDefault } = context.fleet;
  const ofFleet = unknownDefault === undefined ? [] : [{ problem: unknownDefault }];
  return [
    ...gatherProblems([...ofFleet, ...files.flatMap(({ problems }) => problems)]),
    ...unmatchedPatches(files, context, strays),
    ...unmatchedFolders(
      context.fleet,
      files.map(({ path }) => path),
    ),
  ];
}

function knownNodes(
  nodes: ReadonlyMap<string, DesiredNode>,
  { brokenNodes }: Pick<DesiredSet, 'brokenNodes'>,
  files: readonly NodeFile[],
): Parameters<typeof readRequests>[2] {
  return {
    nodes: new Map([...nodes].map(([key, { node }]) => [key, node])),
    brokenNodes,
    unsureFiles: unsureFiles(files),
  };
}

/** Without a node, or with one whose name is not what it should be: what they were meant to declare is not known. */
function unsureFiles(files: readonly NodeFile[]): readonly string[] {
  const isUnsure = ({ nodes, brokenKeys, unreadable }: NodeFile): boolean =>
    unreadable || brokenKeys.length > 0 || nodes.length === 0;
  return files.filter(isUnsure).map(({ path }) => path);
}

/** None while a document that cannot be used, or a file elsewhere, may be the node that is meant; none before there is any node. */
function unmatchedPatches(
  files: readonly NodeFile[],
  { patches, chains, fleet }: Context,
  strays: readonly string[],
): readonly Problem[] {
  const isUnsure =
    strays.length > 0 ||
    fleet.broken ||
    files.some(({ unreadable, brokenKeys }) => unreadable || brokenKeys.length > 0);
  const nodes = files.flatMap((file) => file.nodes);
  return isUnsure || nodes.length === 0 ? [] : unmatchedIn(patches, nodes, chains);
}

function fleetObjects({ places }: Context['fleet']): number {
  return places === undefined ? 0 : 1;
}

function createContext(parts: Omit<Context, 'chainNames' | 'checkedSpecs'>): Context {
  return { ...parts, chainNames: new Set(parts.chains.map(({ name }) => name)), checkedSpecs: new Map() };
}

/** The nodes of one executor, by key. */
export function nodesOf(set: Pick<DesiredSet, 'nodes'>, executor: string): ReadonlyMap<string, DesiredNode> {
  return new Map([...set.nodes].filter(([, { node }]) => node.spec.executor === executor));
}

interface Content {
  readonly id: string | undefined;
  readonly content: FileContent;
}

function hasRole(...roles: readonly GitRole[]): (one: Content) => boolean {
  return ({ content }) => roles.includes(content.role);
}

function* readContents(sources: readonly SourceFile[], cache: ReadCache): Generator<void, readonly Content[]> {
  const read: Content[] = [];
  for (const source of sources) {
    const id = cacheKey(source);
    const content = (id === undefined ? undefined : cache.contents.get(id)) ?? (yield* parseSource(source));
    if (content !== undefined) read.push({ id, content });
    yield;
  }
  cache.contents = new Map(read.flatMap(({ id, content }) => (id === undefined ? [] : [[id, content] as const])));
  return read;
}

function* readNodeFiles(
  contents: readonly Content[],
  context: Context,
  cache: ReadCache,
): Generator<void, readonly NodeFile[]> {
  const shared = contents.filter(hasRole('fleet', 'patch'));
  // A shared file that could not be read has no id; its problem distinguishes the context.
  const id = JSON.stringify([
    context.defaultNamespace,
    context.policy.digest,
    ...shared.map((one) => one.id ?? one.content.problems),
  ]);
  const known = cache.context === id && cache.chains === context.chains ? cache.nodes : new Map<string, NodeFile>();
  const read: { readonly id: string | undefined; readonly file: NodeFile }[] = [];
  for (const one of contents.filter(hasRole('node'))) {
    const cached = one.id === undefined ? undefined : known.get(one.id);
    const file = takenFrom(cached, context) ?? (yield* readNodeFile(one.content, context));
    read.push({ id: isAmple(context.patchBudget) ? one.id : undefined, file });
    yield;
  }
  cache.nodes = new Map(read.flatMap(({ id, file }) => (id === undefined ? [] : [[id, file] as const])));
  cache.context = id;
  cache.chains = context.chains;
  return read.map(({ file }) => file);
}

/** A file of the last read, unless the patches before it left too little for it. */
function takenFrom(cached: NodeFile | undefined, { patchBudget }: Context): NodeFile | undefined {
  if (cached === undefined || !isAmple(patchBudget, cached.patchCost)) return undefined;
  spend(patchBudget, cached.patchCost);
  return cached;
}

function brokenRequests(
  { requests, broken }: Pick<RequestFiles, 'requests' | 'broken'>,
  isFleetBroken: boolean,
  strays: readonly string[],
): ReadonlySet<string> {
  const unread = strays.filter((key) => !requests.has(key));
  return new Set([...(isFleetBroken ? requests.keys() : []), ...broken, ...unread]);
}

function* goodNodes(
  files: readonly NodeFile[],
  conflicts: Conflicts,
): Generator<void, ReadonlyMap<string, DesiredNode>> {
  const good = new Map<string, DesiredNode>();
  for (const { key, node, layers } of files.flatMap(({ nodes }) => nodes)) {
    if (node === undefined || conflicts.keys.has(key)) continue;
    const { file, contributors, places } = layers;
    good.set(key, { node, file, contributors, line: places.of(['metadata', 'name']).line });
    yield;
  }
  return good;
}

/** Not one that another document declares too. */
function stoppedOnes(files: readonly NodeFile[], keys: readonly string[]): ReadonlyMap<string, string> {
  const declared = new Set(
    files.flatMap(({ nodes }) => nodes.flatMap(({ key, node }) => (node === undefined ? [] : key))),
  );
  const stopped = files.flatMap(({ nodes }) => nodes.filter(({ isToStop }) => isToStop === true));
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  const isAlone = (key: string): boolean => !declared.has(key) && counts.get(key) === 1;
  return new Map(stopped.filter(({ key }) => isAlone(key)).map(({ key, layers }) => [key, layers.file]));
}

function brokenOnes(
  files: readonly NodeFile[],
  conflicts: Conflicts,
  { fleet, patches, unread }: Context & { readonly unread: readonly string[] },
): Pick<DesiredSet, 'brokenFiles' | 'brokenNodes' | 'stoppedNodes' | 'unreadableFiles'> {
  const isBroken = ({ node, key }: ResolvedNode): boolean =>
    fleet.broken || node === undefined || conflicts.keys.has(key);
  const broken = files.filter((file) => file.broken || file.nodes.some(isBroken));
  const keys = files.flatMap((file) => [
    ...file.nodes.filter(isBroken).map(({ key }) => key),
    ...file.brokenKeys.map(({ key }) => key),
  ]);
  const shared = [...(fleet.broken ? [FLEET_FILE] : []), ...patches.broken.map(({ file }) => file)];
  return {
    brokenFiles: new Set([...shared, ...broken.map(({ path }) => path)]),
    brokenNodes: new Set([...keys, ...unread]),
    stoppedNodes: fleet.broken ? new Map() : stoppedOnes(files, keys),
    unreadableFiles: new Set(files.filter(({ unreadable }) => unreadable).map(({ path }) => path)),
  };
}
