// What the pod may reach beyond itself: accounts, Secrets, volumes, Kubernetes nodes, priorities.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { clipJson } from '../lib/clip.ts';
import { member } from '../lib/json-value.ts';
import { repositoryOf } from './images.ts';
import { matchesAny } from './patterns.ts';
import {
  at,
  containersOf,
  itemsOf,
  type Located,
  membersOf,
  nameOf,
  podsOf,
  remembered,
  volumesOf,
} from './pod-view.ts';
import { referencesOf } from './references.ts';
import type { Breach, NodeCase, NodeRule } from './rule.ts';

export const podAccessRules: readonly NodeRule[] = [
  { rule: 'ImageNotAllowed', find: images },
  { rule: 'ServiceAccount', find: serviceAccount },
  { rule: 'ServiceAccountToken', find: serviceAccountToken },
  { rule: 'SecretNotAllowed', find: secretNames },
  { rule: 'ConfigMapNotAllowed', find: configMapNames },
  { rule: 'ForeignVolume', find: foreignVolumes },
  { rule: 'VolumeDataSource', find: dataSources },
  { rule: 'StorageClassNotAllowed', find: storageClasses },
  { rule: 'NodeName', find: (subject) => podField(subject, 'nodeName') },
  { rule: 'RuntimeClass', find: (subject) => podField(subject, 'runtimeClassName') },
  { rule: 'PriorityClassNotAllowed', find: priorityClasses },
  { rule: 'SystemPriority', find: systemPriority },
  { rule: 'OtherNamespaces', find: otherNamespaces },
  { rule: 'TolerateEverything', find: tolerateEverything },
  { rule: 'TolerationNotAllowed', find: tolerations },
];

function is(found: Located, field?: readonly (string | number)[]): Breach {
  const breach = { object: found.object, path: found.path, what: `is ${clipJson(found.value, 80)}` };
  return field === undefined ? breach : { ...breach, field };
}

function isSet({ value }: Located): boolean {
  return value !== undefined && value !== null && value !== '';
}

function podField(subject: NodeCase, field: string): readonly Breach[] {
  return podsOf(subject)
    .map((pod) => at(pod, field))
    .filter(isSet)
    .map((found) => is(found));
}

/** Containers of the chain run the image of their client; every other one is a sidecar. */
function images(subject: NodeCase): readonly Breach[] {
  const { node, allowed } = subject;
  return containersOf(subject).flatMap((one) => {
    const image = at(one, 'image');
    const index = (node.spec.sidecars ?? []).findIndex(({ name }) => name === nameOf(one));
    const [kind, patterns, field] =
      index === -1
        ? ['images.nodes', allowed.nodeImages, clientImageField(node, nameOf(one), image.value)]
        : ['images.sidecars', allowed.sidecarImages, ['spec', 'sidecars', index, 'image']];
    if (typeof image.value === 'string' && matchesAny(patterns, repositoryOf(image.value))) return [];
    return [{ ...is(image, field), what: `is ${clipJson(image.value, 160)}, which ${kind} does not name` }];
  });
}

/** The field that names the image; `spec.clients` where the chain's own choice is not allowed. */
function clientImageField(node: BlockchainNode, container: string, image: unknown): readonly string[] {
  const { clients } = node.spec;
  const isNamed = Object.values(clients).some((client) => client.image !== undefined && client.image === image);
  if (!isNamed) return ['spec', 'clients'];
  return ['spec', 'clients', Object.hasOwn(clients, container) ? container : '', 'image'];
}

function serviceAccount(subject: NodeCase): readonly Breach[] {
  return podsOf(subject)
    .flatMap((pod) => [at(pod, 'serviceAccountName'), at(pod, 'serviceAccount')])
    .filter((found) => isSet(found) && found.value !== 'default')
    .map((found) => is(found));
}

function serviceAccountToken(subject: NodeCase): readonly Breach[] {
  const mounted = podsOf(subject)
    .map((pod) => at(pod, 'automountServiceAccountToken'))
    .filter(({ value }) => value !== false)
    .map((found) => ({ ...is(found), what: 'is not false' }));
  const projected = volumesOf(subject)
    .flatMap((volume) => itemsOf(at(volume, 'projected', 'sources')))
    .flatMap((source) => [at(source, 'serviceAccountToken'), at(source, 'podCertificate')])
    .filter(isSet)
    .map((found) => ({ ...is(found), what: 'projects credentials of the service account' }));
  const drivers = volumesOf(subject)
    .filter(({ value }) => member(member(value, 'csi'), 'driver') === 'secrets-store.csi.k8s.io')
    .map((found) => ({ ...is(found), what: 'reads a secret store with the service account' }));
  return [...mounted, ...projected, ...drivers];
}

/** Also an identity that the chain does not mount: a job or a later change of the node may. */
function secretNames(subject: NodeCase): readonly Breach[] {
  const { node, madeSecrets } = subject;
  const identity = node.spec.identity?.secretName;
  const path = ['spec', 'identity', 'secretName'];
  const found = referencesOf('Secret', subject).filter(({ value }) => value !== identity);
  return [
    ...(identity === undefined ? [] : secretName(subject, identity, { path })),
    ...found.flatMap(({ object, path: place, value }) => {
      const name = typeof value === 'string' ? value : '';
      return madeSecrets.includes(name) ? [] : secretName(subject, name, { object, path: place });
    }),
  ];
}

function secretName({ allowed }: NodeCase, name: string, place: Pick<Breach, 'object' | 'path'>): readonly Breach[] {
  const shown = clipJson(name, 80);
  if (allowed.reservedSecrets.includes(name))
    return [{ ...place, what: `is ${shown}, which holds credentials of the controller` }];
  return matchesAny(allowed.secrets, name) ? [] : [{ ...place, what: `is ${shown}` }];
}

function configMapNames(subject: NodeCase): readonly Breach[] {
  const own = subject.node.metadata.name;
  return referencesOf('ConfigMap', subject)
    .filter(
      ({ value }) => value !== own && !(typeof value === 'string' && matchesAny(subject.allowed.configMaps, value)),
    )
    .map((found) => is(found, ['spec', 'genesis', 'configMap', 'name']));
}

/** The only PVCs of a node are those of its StatefulSet's templates, which are no entries of the pod's volumes. */
const FOREIGN = ['persistentVolumeClaim', 'csi', 'ephemeral', 'image'];

function foreignVolumes(subject: NodeCase): readonly Breach[] {
  const volumes = volumesOf(subject).flatMap((volume) => FOREIGN.map((type) => at(volume, type)));
  const devices = podsOf(subject).flatMap((pod) => itemsOf(at(pod, 'resourceClaims')));
  const foreign = [...volumes, ...devices].filter(isSet);
  return [
    ...foreign.map((found) => ({ ...is(found), what: 'is not a volume of the node' })),
    ...pluginDevices(subject),
  ];
}

/** Resources with a prefix come from device plugins, which put devices of the Kubernetes node into the container. */
function pluginDevices(subject: NodeCase): readonly Breach[] {
  return [...podsOf(subject), ...containersOf(subject)].flatMap((one) =>
    ['requests', 'limits']
      .flatMap((list) => membersOf(at(one, 'resources', list)).map((found) => ({ list, found })))
      .filter(({ found }) => found.name.includes('/'))
      .map(({ list, found }) => ({
        ...is(found, ['spec', 'resources', nameOf(one), list, found.name]),
        what: 'asks for a device of the Kubernetes node',
      })),
  );
}

function templatesOf(subject: NodeCase): readonly Located[] {
  return podsOf(subject).flatMap(({ object }) =>
    itemsOf(at({ object, value: object, path: [] }, 'spec', 'volumeClaimTemplates')),
  );
}

function dataSources(subject: NodeCase): readonly Breach[] {
  const declared = new Set(Object.keys(subject.node.spec.storage));
  return templatesOf(subject).flatMap((template) => {
    const name = at(template, 'metadata', 'name');
    const isDeclared = typeof name.value === 'string' && declared.has(name.value);
    const foreign = ['dataSource', 'dataSourceRef', 'volumeName', 'selector', 'volumeAttributesClassName']
      .map((field) => at(template, 'spec', field))
      .filter(isSet)
      .map((found) => ({ ...is(found), what: 'binds the volume to something else' }));
    return [...(isDeclared ? [] : [{ ...is(name), what: 'is no volume of spec.storage' }]), ...foreign];
  });
}

function storageClasses(subject: NodeCase): readonly Breach[] {
  return templatesOf(subject).flatMap((template) => {
    const found = at(template, 'spec', 'storageClassName');
    const name = member(member(template.value, 'metadata'), 'name');
    if (
      found.value === undefined ||
      (typeof found.value === 'string' && matchesAny(subject.allowed.storageClasses, found.value))
    )
      return [];
    return [is(found, ['spec', 'storage', String(name), 'storageClass'])];
  });
}

const SYSTEM = /^system-/;

function classes(subject: NodeCase): readonly Located[] {
  return podsOf(subject)
    .map((pod) => at(pod, 'priorityClassName'))
    .filter(isSet);
}

function isSystem({ value }: Located): boolean {
  return typeof value === 'string' && SYSTEM.test(value);
}

function priorityClasses(subject: NodeCase): readonly Breach[] {
  const named = classes(subject).filter(
    (found) => !isSystem(found) && !matchesAny(subject.allowed.priorityClasses, String(found.value)),
  );
  const numbers = podsOf(subject)
    .map((pod) => at(pod, 'priority'))
    .filter(isSet);
  return [...named, ...numbers].map((found) => is(found, ['spec', 'priorityClassName']));
}

function systemPriority(subject: NodeCase): readonly Breach[] {
  return classes(subject)
    .filter(isSystem)
    .map((found) => is(found, ['spec', 'priorityClassName']));
}

/**
 * A required anti-affinity to pods of other namespaces keeps those from a whole zone. Kubernetes limits it by a quota too:
 * https://kubernetes.io/docs/concepts/policy/resource-quotas/#cross-namespace-pod-affinity-scope
 */
function otherNamespaces(subject: NodeCase): readonly Breach[] {
  const own = subject.node.metadata.namespace;
  const isForeign = ({ value }: Located): boolean =>
    value !== undefined && value !== null && !(Array.isArray(value) && value.every((one) => one === own));
  return podsOf(subject)
    .flatMap((pod) => ['podAffinity', 'podAntiAffinity'].map((field) => at(pod, 'affinity', field)))
    .flatMap(affinityTerms)
    .flatMap((term) => [at(term, 'namespaces'), at(term, 'namespaceSelector')])
    .filter(isForeign)
    .map((found) => ({ ...is(found, ['spec', 'affinity']), what: 'concerns pods of other namespaces' }));
}

function affinityTerms(affinity: Located): readonly Located[] {
  const preferred = itemsOf(at(affinity, 'preferredDuringSchedulingIgnoredDuringExecution'));
  return [
    ...itemsOf(at(affinity, 'requiredDuringSchedulingIgnoredDuringExecution')),
    ...preferred.map((one) => at(one, 'podAffinityTerm')),
  ];
}

function tolerationsOf(subject: NodeCase): readonly Located[] {
  return podsOf(subject).flatMap((pod) => itemsOf(at(pod, 'tolerations')));
}

function hasKey({ value }: Located): boolean {
  const key = member(value, 'key');
  return typeof key === 'string' && key !== '';
}

function fieldOf({ path }: Located): readonly (string | number)[] {
  return ['spec', 'tolerations', path.at(-1) ?? 0];
}

function tolerateEverything(subject: NodeCase): readonly Breach[] {
  return tolerationsOf(subject)
    .filter((one) => !hasKey(one))
    .map((one) => ({ ...is(one, fieldOf(one)), what: 'has no key and tolerates every taint' }));
}

function tolerations(subject: NodeCase): readonly Breach[] {
  return tolerationsOf(subject)
    .filter((one) => hasKey(one) && !matchesAny(subject.allowed.tolerations, String(member(one.value, 'key'))))
    .map((one) => is(at(one, 'key'), [...fieldOf(one), 'key']));
}

const namesIn = {
  labels: remembered((subject) => membersNamed(subject, 'labels')),
  annotations: remembered((subject) => membersNamed(subject, 'annotations')),
};

/** Names of objects are labels and annotations of the pod and of the objects. */
export function metadataOf(
  subject: NodeCase,
  field: 'labels' | 'annotations',
): readonly (Located & { readonly name: string })[] {
  return namesIn[field](subject);
}

function membersNamed(
  { objects }: Pick<NodeCase, 'objects'>,
  field: string,
): readonly (Located & { readonly name: string })[] {
  return objects.flatMap((object) => {
    const root = { object, value: object, path: [] };
    const places = [at(root, 'metadata', field), at(root, 'spec', 'template', 'metadata', field)];
    const templates = itemsOf(at(root, 'spec', 'volumeClaimTemplates')).map((one) => at(one, 'metadata', field));
    return [...places, ...templates].flatMap(membersOf);
  });
}
