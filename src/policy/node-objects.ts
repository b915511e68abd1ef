// What the objects of a node must be, also after patches: the node's own, and of one pod.

import { ANNOTATION, API_VERSION, LABEL } from '../api/group.ts';
import type { KubeObject } from '../api/objects.ts';
import { clipJson } from '../lib/clip.ts';
import { member, valueAt } from '../lib/json-value.ts';
import { sameJson } from '../lib/stable-json.ts';
import { matchesAny, reachesPointer } from './patterns.ts';
import { metadataOf } from './pod-access.ts';
import { at, itemsOf, type Located } from './pod-view.ts';
import type { Breach, NodeCase, NodeRule } from './rule.ts';

/** The controller's memory and its Leases begin so. */
export const RESERVED_PREFIX = 'nodewright-';

export const nodeObjectRules: readonly NodeRule[] = [
  { rule: 'NamespaceNotAllowed', find: namespaces },
  { rule: 'ReservedName', find: reservedNames },
  { rule: 'PatchPathNotAllowed', find: patchPaths },
  { rule: 'ObjectIdentity', find: identities },
  { rule: 'ObjectOwner', find: owners },
  { rule: 'OnePod', find: onePod },
  { rule: 'LabelNotAllowed', find: labels },
  { rule: 'AnnotationNotAllowed', find: annotations },
  { rule: 'ServiceSelector', find: selectors },
  { rule: 'ServiceTypeNotAllowed', find: serviceTypes },
  { rule: 'ServiceExposure', find: exposure },
];

function located(object: KubeObject, ...path: readonly string[]): Located {
  return at({ object, value: object, path: [] }, ...path);
}

function is({ object, path, value }: Located): Breach {
  return { object, path, what: `is ${clipJson(value, 80)}` };
}

function namespaces({ node, allowed }: NodeCase): readonly Breach[] {
  const { namespace = '' } = node.metadata;
  if (matchesAny(allowed.namespaces, namespace)) return [];
  const known = allowed.namespaces.join(', ');
  return [
    { path: ['metadata', 'namespace'], what: `is "${namespace}"; the policy allows ${known === '' ? 'none' : known}` },
  ];
}

function reservedNames({ node }: NodeCase): readonly Breach[] {
  const { name } = node.metadata;
  return name.startsWith(RESERVED_PREFIX)
    ? [{ path: ['metadata', 'name'], what: `begins with ${RESERVED_PREFIX}, which is reserved for the controller` }]
    : [];
}

/** `test` changes nothing, and what `copy` reads is of the same object; `move` also removes. */
function patchPaths({ node, allowed }: NodeCase): readonly Breach[] {
  return (node.spec.patches ?? []).flatMap(({ target, patch }, index) =>
    patch.flatMap(({ op, path, from }, at_) => {
      if (op === 'test') return [];
      const patterns = allowed[`patchesOf${target.kind}`];
      const touched = op === 'move' ? [path, from ?? ''] : [path];
      const wrong = touched.find((pointer) => !patterns.some((pattern) => reachesPointer(pattern, pointer)));
      if (wrong === undefined) return [];
      const what = `is ${clipJson(wrong, 160)} of the ${target.kind}, which the policy does not let patches change`;
      return [{ path: ['spec', 'patches', index, 'patch', at_, 'path'], what }];
    }),
  );
}

const KINDS: Readonly<Record<string, string>> = {
  ConfigMap: 'v1',
  Service: 'v1',
  PodDisruptionBudget: 'policy/v1',
  StatefulSet: 'apps/v1',
};

function identities({ node, objects }: NodeCase): readonly Breach[] {
  const { name, namespace } = node.metadata;
  return objects.flatMap((object) => {
    const isKnown = KINDS[object.kind] === object.apiVersion;
    const isNamed = object.metadata.name === name || object.metadata.name.startsWith(`${name}-`);
    return [
      ...(isKnown ? [] : [is(located(object, 'kind'))]),
      ...(isNamed ? [] : [is(located(object, 'metadata', 'name'))]),
      ...(object.metadata.namespace === namespace ? [] : [is(located(object, 'metadata', 'namespace'))]),
    ];
  });
}

function owners({ node, objects }: NodeCase): readonly Breach[] {
  const isOwn = ({ value }: Located): boolean =>
    member(value, 'apiVersion') === API_VERSION &&
    member(value, 'kind') === 'BlockchainNode' &&
    member(value, 'name') === node.metadata.name &&
    member(value, 'uid') === node.metadata.uid;
  return objects.flatMap((object) => {
    const finalizers = located(object, 'metadata', 'finalizers');
    const foreign = itemsOf(located(object, 'metadata', 'ownerReferences')).filter((one) => !isOwn(one));
    return [
      ...(Array.isArray(finalizers.value) && finalizers.value.length > 0 ? [is(finalizers)] : []),
      ...foreign.map(is),
    ];
  });
}

/** `ordinals` would start a pod of another name, on fresh volumes and with the same key. */
function onePod({ objects }: NodeCase): readonly Breach[] {
  return objects
    .filter(({ kind }) => kind === 'StatefulSet')
    .flatMap((object) => {
      const replicas = located(object, 'spec', 'replicas');
      const ordinals = located(object, 'spec', 'ordinals');
      const retention = located(object, 'spec', 'persistentVolumeClaimRetentionPolicy');
      const keeps = sameJson(retention.value, { whenDeleted: 'Retain', whenScaled: 'Retain' });
      return [
        ...(replicas.value === 0 || replicas.value === 1 ? [] : [is(replicas)]),
        ...(ordinals.value === undefined ? [] : [is(ordinals)]),
        ...(keeps ? [] : [is(retention)]),
      ];
    });
}

const OWN_LABELS: ReadonlySet<string> = new Set(Object.values(LABEL));

/** A label of ours must say what is so of this node: another node's would make its Service find this pod. */
function labels(subject: NodeCase): readonly Breach[] {
  const { node, allowed } = subject;
  return metadataOf(subject, 'labels').flatMap((found) => {
    if (OWN_LABELS.has(found.name)) {
      const isOwn = found.name !== LABEL.node || found.value === node.metadata.name;
      return isOwn && found.name !== LABEL.job && found.name !== LABEL.executor ? [] : [is(found)];
    }
    return matchesAny(allowed.labels, found.name)
      ? []
      : [{ ...is(found), field: ['spec', 'podLabels', found.name], what: 'is not an allowed label' }];
  });
}

const OWN_ANNOTATIONS: ReadonlySet<string> = new Set([
  ANNOTATION.configDigest,
  ANNOTATION.restartGeneration,
  ANNOTATION.clients,
  'kubectl.kubernetes.io/default-container',
]);

function annotations(subject: NodeCase): readonly Breach[] {
  return metadataOf(subject, 'annotations')
    .filter(({ name }) => !OWN_ANNOTATIONS.has(name) && !matchesAny(subject.allowed.annotations, name))
    .map((found) => ({
      ...is(found),
      field: ['spec', 'podAnnotations', found.name],
      what: 'is not an allowed annotation',
    }));
}

function selectors({ node, objects }: NodeCase): readonly Breach[] {
  const own = { [LABEL.node]: node.metadata.name, [LABEL.component]: 'node' };
  return objects.flatMap((object) => {
    const field = object.kind === 'Service' ? ['spec', 'selector'] : ['spec', 'selector', 'matchLabels'];
    if (object.kind === 'ConfigMap') return [];
    const found = located(object, ...field);
    const expressions = located(object, 'spec', 'selector', 'matchExpressions');
    const isOwn = sameJson(found.value, own) && expressions.value === undefined;
    const template = valueAt(object, ['spec', 'template', 'metadata', 'labels']);
    const carries =
      object.kind !== 'StatefulSet' || Object.entries(own).every(([name, value]) => member(template, name) === value);
    return isOwn && carries ? [] : [is(found)];
  });
}

function servicesIn({ objects }: NodeCase): readonly KubeObject[] {
  return objects.filter(({ kind }) => kind === 'Service');
}

function serviceTypes(subject: NodeCase): readonly Breach[] {
  return servicesIn(subject).flatMap((object) => {
    const found = located(object, 'spec', 'type');
    const type = found.value ?? 'ClusterIP';
    return type === 'ClusterIP' || (typeof type === 'string' && subject.allowed.serviceTypes.includes(type))
      ? []
      : [{ ...is(found), field: ['spec', 'serviceType'] }];
  });
}

function exposure(subject: NodeCase): readonly Breach[] {
  return servicesIn(subject).flatMap((object) =>
    [located(object, 'spec', 'externalIPs'), located(object, 'spec', 'externalName')]
      .filter(({ value }) => (Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null))
      .map(is),
  );
}
