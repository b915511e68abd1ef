// Whether a controller can run a node: its published capabilities against the spec.

import type { NodeSpec } from '../api/blockchain-node.ts';
import type { Capabilities } from '../api/capabilities.ts';

type JudgedSpec = Pick<NodeSpec, 'chain' | 'network' | 'nodeType' | 'clients' | 'storage'>;

/** Whole sentences: what the spec asks for and the executor does not have. */
export function outsideCapabilities(spec: JudgedSpec, executor: string, capabilities: Capabilities): readonly string[] {
  return [...outsideChain(spec, executor, capabilities), ...unknownClasses(spec, executor, capabilities)];
}

/** Of a spec that names classes: those that the cluster does not have. Nothing is said where they may not be listed. */
export function unknownClasses(
  { storage }: Pick<NodeSpec, 'storage'>,
  executor: string,
  { storageClasses }: { readonly storageClasses?: readonly { readonly name: string }[] | undefined },
): readonly string[] {
  if (storageClasses === undefined) return [];
  const known = storageClasses.map(({ name }) => name);
  return Object.entries(storage).flatMap(([volume, { storageClass }]) =>
    storageClass === undefined || known.includes(storageClass)
      ? []
      : [
          `The cluster of executor ${executor} has no StorageClass ${storageClass} for the volume ${volume}. It has: ${listOf(known)}.`,
        ],
  );
}

/** Of a job that asks for VolumeSnapshots: why the cluster makes none. Nothing is said where their classes may not be listed. */
export function unknownSnapshots(
  className: string | undefined,
  executor: string,
  { snapshotClasses }: Pick<Capabilities, 'snapshotClasses'>,
): string | undefined {
  if (snapshotClasses === undefined) return undefined;
  if (snapshotClasses.length === 0)
    return `The cluster of executor ${executor} has no VolumeSnapshotClass, so it makes no VolumeSnapshots. Choose another destination, or install a CSI driver that makes them.`;
  const known = snapshotClasses.map(({ name }) => name);
  return className === undefined || known.includes(className)
    ? undefined
    : `The cluster of executor ${executor} has no VolumeSnapshotClass ${className}. It has: ${listOf(known)}.`;
}

function outsideChain(spec: JudgedSpec, executor: string, { chains }: Capabilities): readonly string[] {
  const chain = chains.find(({ name }) => name === spec.chain);
  if (chain === undefined)
    return [
      `Executor ${executor} does not support the chain ${spec.chain}. It supports: ${listOf(chains.map(({ name }) => name))}.`,
    ];
  const lacks = (what: string, value: string, known: readonly string[]): readonly string[] =>
    known.includes(value)
      ? []
      : [`Executor ${executor} does not support the ${what} ${value} of ${spec.chain}. It supports: ${listOf(known)}.`];
  return [
    ...(chain.customNetworks ? [] : lacks('network', spec.network, chain.networks)),
    ...lacks('node type', spec.nodeType, chain.nodeTypes),
    ...Object.entries(spec.clients).flatMap(([role, client]) => {
      const known = chain.roles.find(({ name }) => name === role)?.clients ?? [];
      return lacks(
        `client of ${role}`,
        client.name,
        known.map(({ name }) => name),
      );
    }),
  ];
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
