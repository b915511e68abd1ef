// Which fields of an object the controller owns, and which of them a live object lacks.

import type { KubeObject } from '../../../api/objects.ts';
import { type Difference, differences, overlay } from '../../../plan/differences.ts';

/**
 * We own the fields that we set. Where an absent list is as much our decision as one with items (what a container is
 * given), an added item is a change too; so is an added file of a ConfigMap. All other fields belong to others.
 */
export function driftOf(live: KubeObject, desired: KubeObject): readonly Difference[] {
  const { labels, annotations } = desired.metadata;
  const { metadata: _metadata, ...content } = completeLists(desired);
  return [
    ...differences(live.metadata, { labels, annotations }, 'metadata'),
    ...missingOwners(live, desired),
    ...differences(live, content),
    ...addedFiles(live, desired),
  ];
}

/** The live object with our fields, for a replacement: drops what others merged into lists of ours. */
export function withOwnFields(live: KubeObject, desired: KubeObject): KubeObject {
  const { metadata: _metadata, ...content } = completeLists(desired);
  const { labels, annotations } = desired.metadata;
  const metadata = {
    ...live.metadata,
    ...Object.fromEntries(membersOf(overlay(live.metadata, { labels, annotations }))),
  };
  const merged = Object.fromEntries(membersOf(overlay(live, content)));
  const files = desired.kind === 'ConfigMap' ? { data: desired['data'], binaryData: desired['binaryData'] } : {};
  return { ...merged, ...files, apiVersion: desired.apiVersion, kind: desired.kind, metadata };
}

/** Only an item in a list of ours needs a replacement; everything else is what a server-side apply is for. */
export function needsReplacement({ kind }: KubeObject): boolean {
  return kind === 'StatefulSet' || kind === 'Service' || kind === 'ConfigMap';
}

function missingOwners(live: KubeObject, desired: KubeObject): readonly Difference[] {
  const present = live.metadata.ownerReferences ?? [];
  const isMissing = (desired.metadata.ownerReferences ?? []).some(({ uid }) => present.every((one) => one.uid !== uid));
  return isMissing ? [{ path: 'metadata.ownerReferences', live: present }] : [];
}

function addedFiles(live: KubeObject, desired: KubeObject): readonly Difference[] {
  if (desired.kind !== 'ConfigMap') return [];
  return ['data', 'binaryData'].flatMap((field) => {
    const ours = new Set(membersOf(desired[field]).map(([name]) => name));
    const added = membersOf(live[field]).filter(([name]) => !ours.has(name));
    return added.map(([name, value]) => ({ path: `${field}.${name}`, live: value }));
  });
}

const CONTAINER_LISTS = ['args', 'command', 'env', 'envFrom', 'ports', 'volumeMounts'];
const NO_ITEMS = Object.fromEntries(CONTAINER_LISTS.map((list) => [list, []]));

function completeLists(desired: KubeObject): KubeObject {
  if (desired.kind !== 'StatefulSet') return desired;
  return mapAt(desired, ['spec', 'template', 'spec'], (pod) => {
    const complete = (containers: unknown): unknown =>
      Array.isArray(containers) ? containers.map((one: unknown) => ({ ...NO_ITEMS, ...toRecord(one) })) : [];
    return {
      ...pod,
      containers: complete(pod['containers']),
      initContainers: complete(pod['initContainers']),
    };
  });
}

type Members = Readonly<Record<string, unknown>>;

function mapAt<T extends Members>(
  value: T,
  [key = '', ...rest]: readonly string[],
  change: (at: Members) => Members,
): T {
  const inner = toRecord(value[key]);
  return { ...value, [key]: rest.length === 0 ? change(inner) : mapAt(inner, rest, change) };
}

function toRecord(value: unknown): Members {
  return Object.fromEntries(membersOf(value));
}

function membersOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
