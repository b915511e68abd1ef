// What the API server cannot take of a patched object, as far as the shape of a single value does not show it.

import type { KubeObject } from '../api/objects.ts';
import { isObject, type JsonObject, textAt, valueAt } from '../lib/json-value.ts';

/** The first thing that is wrong, as a sentence. */
export function refusalOf(object: KubeObject): string | undefined {
  return notText(object) ?? badPorts(valueAt(object, ['spec', 'ports']), 'port', 'the Service') ?? badPod(object);
}

/** Maps of texts, in objects of all kinds. */
const TEXTS = new Set(['labels', 'annotations', 'matchLabels', 'nodeSelector']);
/** Of a ConfigMap. */
const CONTENT = ['data', 'binaryData'] as const;

function notText(object: KubeObject): string | undefined {
  for (const name of CONTENT) {
    const found = object.kind === 'ConfigMap' ? badTexts(valueAt(object, [name]), name) : undefined;
    if (found !== undefined) return found;
  }
  return notTextBelow(object);
}

function notTextBelow(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, one] of Object.entries(value)) {
    const found = (TEXTS.has(name) && isObject(one) ? badTexts(one, name) : undefined) ?? notTextBelow(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

function badTexts(value: unknown, field: string): string | undefined {
  const bad = Object.entries(isObject(value) ? value : {}).find(([, one]) => typeof one !== 'string');
  return bad === undefined ? undefined : `${field}.${bad[0]} is no text. Put quotes around the value`;
}

function badPod(object: KubeObject): string | undefined {
  const pod = valueAt(object, ['spec', 'template', 'spec']);
  const claims = new Set(itemsAt(pod, 'resourceClaims').map((one) => one['name']));
  const containers = [...itemsAt(pod, 'initContainers'), ...itemsAt(pod, 'containers')];
  for (const container of containers) {
    const name = `the container ${textAt(container, ['name']) ?? ''}`;
    const unknown = itemsAt(container['resources'], 'claims').find((one) => !claims.has(one['name']));
    if (unknown !== undefined)
      return `${name} uses the resource claim ${describe(unknown['name']) ?? ''}, which is not in the pod's resourceClaims. Add it there`;
    const ports = badPorts(container['ports'], 'containerPort', name);
    if (ports !== undefined) return ports;
  }
  return undefined;
}

function badPorts(list: unknown, field: string, where: string): string | undefined {
  const seen = new Set<string>();
  for (const one of Array.isArray(list) ? list.filter(isObject) : []) {
    const [number, protocol = 'TCP', name] = [one[field], one['protocol'], one['name']].map(describe);
    const names = [`${number ?? ''}/${protocol}`, ...(name === undefined ? [] : [`"${name}"`])];
    const twice = names.find((each) => seen.has(each));
    if (twice !== undefined) return `${where} has the port ${twice} twice. Change one of them`;
    for (const each of names) seen.add(each);
  }
  return undefined;
}

function describe(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function itemsAt(value: unknown, name: string): readonly JsonObject[] {
  const list = valueAt(value, [name]);
  return Array.isArray(list) ? list.filter(isObject) : [];
}
