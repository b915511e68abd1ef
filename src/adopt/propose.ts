// The node file that describes a workload of another tool.

import type { Client } from '../api/containers.ts';
import { API_VERSION } from '../api/group.ts';
import { bareVersion, wrongVersion } from '../chains/version.ts';
import { findSetting } from '../chains/setting-name.ts';
import { defined } from '../lib/defined.ts';
import { type DataFolder, dataFolderOf } from './data-folder.ts';
import type { ForeignWorkload } from './foreign-workload.ts';
import { type Recognised, type RecognisedRole, repositoryOf } from './recognise.ts';

/** A PVC of the other tool. */
export interface ForeignPvc {
  readonly name: string;
  readonly size: string;
  readonly storageClass: string | undefined;
  readonly accessMode: string | undefined;
}

export interface ProposeOptions {
  readonly name: string;
  readonly namespace: string;
  readonly executor: string | undefined;
  readonly network: string;
  /** Secret with the signing key that the pod mounts. */
  readonly signer: string | undefined;
  readonly pvcs: ReadonlyMap<string, ForeignPvc>;
  /** Role → client that the node has beside those of the workload, with a new volume: a pair may be two workloads. */
  readonly added: Readonly<Record<string, string>>;
  /** Fields of the spec that the workload does not show, such as a genesis; they win. */
  readonly more: Readonly<Record<string, unknown>>;
}

/** One volume of the node and the PVC whose data it takes. */
export interface AdoptedVolume {
  readonly volume: string;
  readonly pvc: ForeignPvc;
}

export interface Proposal {
  /** The document, without defaults. */
  readonly document: Readonly<Record<string, unknown>>;
  readonly volumes: readonly AdoptedVolume[];
  /** Flag → why it is not in the file. Key: role. */
  readonly leftOut: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What prevents a take-over of the data, each with what to do. */
  readonly problems: readonly string[];
}

/** A first size, for the author to change. */
const NEW_VOLUME = { size: '200Gi' };

export function propose(foreign: ForeignWorkload, found: Recognised, options: ProposeOptions): Proposal {
  const folders = found.roles.map((role) => dataFolderOf(role, foreign));
  const problems = found.roles.flatMap((role, index) => problemOf(role, folders[index], { found, pvcs: options.pvcs }));
  const volumes = volumesOf(
    folders.filter((folder) => folder !== undefined),
    found,
    options.pvcs,
  );
  const flags = Object.fromEntries(found.roles.map((role) => [role.role, sortFlags(role)]));
  const args = Object.fromEntries(
    Object.entries(flags).flatMap(([role, { kept }]) => (Object.keys(kept).length === 0 ? [] : [[role, kept]])),
  );
  const { executor, name, namespace, network, signer } = options;
  const spec = defined({
    executor,
    chain: found.chain.name,
    network,
    nodeType: nodeTypeOf(found, signer),
    clients: {
      ...Object.fromEntries(found.roles.map((role) => [role.role, clientOf(role)])),
      ...Object.fromEntries(Object.entries(options.added).map(([role, client]) => [role, { name: client }])),
    },
    storage: {
      ...Object.fromEntries(volumes.map(({ volume, pvc }) => [volume, storageOf(pvc)])),
      ...Object.fromEntries(Object.keys(options.added).map((role) => [role, NEW_VOLUME])),
    },
    resources: optionalMap(found.roles.map(({ role, container }) => [role, container.resources])),
    args: Object.keys(args).length === 0 ? undefined : args,
    identity: signer === undefined ? undefined : { secretName: signer },
    ...foreign.placement,
    ...options.more,
    // The volumes and the key get another owner while nothing runs.
    desiredState: 'Stopped',
  });
  return {
    document: { apiVersion: API_VERSION, kind: 'BlockchainNode', metadata: { name, namespace }, spec },
    volumes,
    leftOut: Object.fromEntries(Object.entries(flags).map(([role, { left }]) => [role, left])),
    problems,
  };
}

function problemOf(
  { role, container }: RecognisedRole,
  folder: DataFolder | undefined,
  { found, pvcs }: { readonly found: Recognised; readonly pvcs: ProposeOptions['pvcs'] },
): readonly string[] {
  if (folder === undefined)
    return [`Container ${container.name} mounts no PVC at its data folder, so there is no data to take over.`];
  if (!pvcs.has(folder.pvc)) return [`PVC ${folder.pvc} does not exist, so there is no data to take over.`];
  if (volumeFor(role, folder, found.chain.roles.length) !== undefined) return [];
  return [
    `The data of ${container.name} are in the folder ${folder.folder} of PVC ${folder.pvc}; a node expects them at the top of its volume. ` +
      'Stop the other tool and move the folder there, on the same volume, before you take the PVC over.',
  ];
}

/** A chain with two roles has a volume for each, or `data` with a folder for each. */
function volumeFor(role: string, { folder }: DataFolder, roles: number): string | undefined {
  if (folder === '') return roles === 1 ? 'data' : role;
  return roles > 1 && folder === role ? 'data' : undefined;
}

function volumesOf(
  folders: readonly DataFolder[],
  { chain }: Recognised,
  pvcs: ProposeOptions['pvcs'],
): readonly AdoptedVolume[] {
  const found = new Map<string, AdoptedVolume>();
  for (const folder of folders) {
    const volume = volumeFor(folder.role, folder, chain.roles.length);
    const pvc = pvcs.get(folder.pvc);
    if (volume !== undefined && pvc !== undefined) found.set(volume, { volume, pvc });
  }
  return [...found.values()];
}

function storageOf({ size, storageClass, accessMode }: ForeignPvc): object {
  return defined({ size, storageClass, accessMode: accessMode === 'ReadWriteOnce' ? undefined : accessMode });
}

/** The version where the image is the client's own, else the image as it is. */
function clientOf({ client, container }: RecognisedRole): Client {
  const tag = /:([^:/@]+)$/.exec(container.image)?.[1];
  const isOwn = repositoryOf(container.image).replace(/^docker\.io\//, '') === client.image;
  const version =
    tag?.startsWith(client.tagPrefix) === true ? bareVersion(tag.slice(client.tagPrefix.length)) : undefined;
  if (!isOwn || version === undefined || wrongVersion(version, client) !== undefined)
    return { name: client.name, image: container.image };
  return { name: client.name, version };
}

function nodeTypeOf({ chain, roles }: Recognised, signer: string | undefined): string | undefined {
  if (signer !== undefined && chain.nodeTypes.includes('validator')) return 'validator';
  const flags = roles.flatMap(({ line }) => line.flags);
  const isArchive = flags.some(({ name, value }) => /gcmode|prune\.mode/.test(name) && value === 'archive');
  return isArchive && chain.nodeTypes.includes('archive') ? 'archive' : undefined;
}

interface SortedFlags {
  readonly kept: Readonly<Record<string, string>>;
  readonly left: Readonly<Record<string, string>>;
}

/** What the controller sets itself is left out, and so is what only the other pod can complete. */
function sortFlags({ client, line }: RecognisedRole): SortedFlags {
  const kept: Record<string, string> = {};
  const left: Record<string, string> = {};
  for (const { name, value } of line.flags) {
    if (findSetting(client.managedFlags, name) !== undefined) left[name] = 'set by the controller';
    else if (findSetting(client.programFlags ?? [], name) !== undefined) left[name] = 'would run a program';
    else if (line.unresolved.includes(name)) left[name] = `its value is completed when the pod starts: ${value}`;
    else kept[name] = value;
  }
  return { kept, left };
}

function optionalMap(entries: readonly (readonly [string, Readonly<Record<string, unknown>>])[]): object | undefined {
  const filled = entries.filter(([, value]) => Object.keys(value).length > 0);
  return filled.length === 0 ? undefined : Object.fromEntries(filled);
}
