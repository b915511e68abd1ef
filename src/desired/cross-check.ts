// Checks over all nodes: duplicate names, shared signing keys, conflicting Services and ports.

import type { Chain } from '../chains/chain.ts';
import { SERVICE_SUFFIX } from '../api/group.ts';
import { mapInSteps } from '../lib/finish.ts';
import type { NodeFile } from './node-file.ts';
import type { Problem } from './text/problem.ts';
import { locate } from './layers.ts';
import type { ResolvedNode } from './resolve-node.ts';

export interface Conflicts {
  /** Keys of nodes that may not be used, each with its first problem. */
  readonly keys: ReadonlyMap<string, Problem>;
  readonly problems: readonly Problem[];
}

/**
 * Finds nodes that exclude each other. All of them are refused, because the intended one is unknown. Pauses: a mistake in a
 * patch may concern every node.
 */
export function* crossCheck(files: readonly NodeFile[], chains: readonly Chain[]): Generator<void, Conflicts> {
  const nodes = files.flatMap((file) => file.nodes);
  const found = [
    yield* findDuplicates(nodes, files),
    yield* findSharedIdentities(nodes),
    yield* findServiceClashes(nodes),
    yield* findSharedPorts(nodes, chains),
  ];
  return {
    keys: new Map(found.toReversed().flatMap(({ keys }) => [...keys])),
    problems: found.flatMap(({ problems }) => problems),
  };
}

type Check = Generator<void, Conflicts>;

/** Names are compared without case, as some file systems do. */
function* findDuplicates(nodes: readonly ResolvedNode[], files: readonly NodeFile[]): Check {
  const groups = yield* groupBy(nodes, ({ key }) => key.toLowerCase());
  const broken = new Map(
    files.flatMap(({ path, brokenKeys }) =>
      brokenKeys.filter(({ isNode }) => isNode).map(({ key }) => [key.toLowerCase(), path] as const),
    ),
  );
  const keys = new Map<string, Problem>();
  const problems: Problem[] = [];
  for (const [folded, group] of groups) {
    const twin = broken.get(folded);
    if (group.length < 2 && twin === undefined) continue;
    for (const node of group) {
      const other = group.find((candidate) => candidate !== node)?.layers.file ?? twin ?? '';
      const problem = problemAt(node, ['metadata', 'name'], {
        code: 'DuplicateNode',
        message: `metadata.name: ${node.key} is also in ${placeOf(other, node)}; keep one. Until then the node is not changed`,
      });
      keys.set(node.key, keys.get(node.key) ?? problem);
      problems.push(problem);
      yield;
    }
  }
  return { keys, problems };
}

function placeOf(other: string, node: ResolvedNode): string {
  return other === node.layers.file ? 'another document of this file' : other;
}

/** One key has one signer, also across executors: the same Secret copied to two clusters is the same key. */
function* findSharedIdentities(nodes: readonly ResolvedNode[]): Check {
  const signers = nodes.filter(({ node }) => node?.spec.identity !== undefined);
  const groups = yield* groupBy(
    signers,
    ({ node }) => `${node?.metadata.namespace}/${node?.spec.identity?.secretName}`,
  );
  const keys = new Map<string, Problem>();
  const problems: Problem[] = [];
  for (const [secret, group] of groups) {
    const first = [...new Set(group.map(({ key }) => key))].slice(0, 4);
    if (first.length < 2) continue;
    for (const node of group) {
      const others = first.filter((key) => key !== node.key);
      const message = `spec.identity.secretName: ${secret} is also the identity of ${others.slice(0, 3).join(', ')}; two signers with one key are slashed. Give each node its own Secret`;
      const problem = problemAt(node, ['spec', 'identity', 'secretName'], { code: 'SharedIdentity', message });
      keys.set(node.key, keys.get(node.key) ?? problem);
      problems.push(problem);
      yield;
    }
  }
  return { keys, problems };
}

/** `eth` has a Service `eth-rpc`, which a node `eth-rpc` would need too. The node with the longer name is refused. */
function* findServiceClashes(nodes: readonly ResolvedNode[]): Check {
  const known = new Set(nodes.map(({ key }) => key));
  const suffixes = Object.values(SERVICE_SUFFIX).map((suffix) => `-${suffix}`);
  const judged = yield* mapInSteps(nodes, (node) => {
    const suffix = suffixes.find((one) => node.key.endsWith(one) && known.has(node.key.slice(0, -one.length)));
    if (suffix === undefined) return [];
    const other = node.key.slice(0, -suffix.length);
    const message = `metadata.name: ${other} has a Service of this name; give this node another name`;
    return [{ key: node.key, problem: problemAt(node, ['metadata', 'name'], { code: 'ServiceNameTaken', message }) }];
  });
  const clashes = judged.flat();
  return {
    keys: new Map(clashes.map(({ key, problem }) => [key, problem])),
    problems: clashes.map(({ problem }) => problem),
  };
}

/** A node port is open on every Kubernetes node, so only one node of a cluster can have it. */
function* findSharedPorts(nodes: readonly ResolvedNode[], chains: readonly Chain[]): Check {
  const opened = yield* mapInSteps(nodes, (node) => nodePorts(node, chains).map((port) => ({ node, port })));
  const groups = yield* groupBy(opened.flat(), ({ node, port }) => `${node.node?.spec.executor} ${port}`);
  const found = new Map<ResolvedNode, Problem>();
  for (const group of groups.values()) {
    const two = [...new Set(group.map(({ node }) => node.key))].slice(0, 2);
    for (const { node, port } of group) {
      const other = two.find((key) => key !== node.key);
      if (other === undefined || found.has(node)) continue;
      const message = `spec.p2p.port: the node port ${port} is also opened by ${other}; choose another port for one of them`;
      found.set(node, problemAt(node, ['spec', 'p2p', 'port'], { code: 'DuplicatePort', message }));
      yield;
    }
  }
  return { keys: new Map([...found].map(([{ key }, problem]) => [key, problem])), problems: [...found.values()] };
}

function nodePorts({ node }: ResolvedNode, chains: readonly Chain[]): readonly number[] {
  if (node?.spec.serviceType !== 'NodePort' || node.spec.p2p?.port === undefined) return [];
  const containers = chains.find(({ name }) => name === node.spec.chain)?.workload(node).containers ?? [];
  const ports = containers.flatMap((container) => container.ports ?? []).filter(({ purpose }) => purpose === 'p2p');
  return [...new Set(ports.map(({ port }) => port))];
}

function problemAt(
  { layers }: ResolvedNode,
  path: readonly string[],
  { code, message }: Pick<Problem, 'code' | 'message'>,
): Problem {
  const { own: _own, ...place } = locate(layers, path, 'value');
  return { level: 'error', code, ...place, message };
}

function* groupBy<T>(items: readonly T[], nameOf: (item: T) => string): Generator<void, ReadonlyMap<string, T[]>> {
  const groups = new Map<string, T[]>();
  for (const [name, item] of yield* mapInSteps(items, (one) => [nameOf(one), one] as const)) {
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}
