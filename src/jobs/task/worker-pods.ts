// Whether pods are those that the Job made: labels and owners can be put on any pod, and its end would count as the end of the work.

import type { KubeObject } from '../../api/objects.ts';
import { defined } from '../../lib/defined.ts';
import { isObject, listAt, textAt, valueAt } from '../../lib/json-value.ts';
import { sameJson } from '../../lib/stable-json.ts';

/** Why the pods that name the Job as their owner prove nothing of the work; undefined when they may. */
export function whyInDoubt(job: KubeObject, pods: readonly KubeObject[]): string | undefined {
  const template = valueAt(job, ['spec', 'template', 'spec']);
  for (const pod of pods) {
    const why = whyNotOf(template, pod['spec']);
    if (why !== undefined)
      return `pod ${pod.metadata.name} names the Job ${job.metadata.name} as its owner and was not made by it: ${why}`;
  }
  const retries = valueAt(job, ['spec', 'backoffLimit']);
  const most = typeof retries === 'number' ? retries + 1 : Infinity;
  if (pods.length <= most) return undefined;
  const names = pods.map(({ metadata }) => metadata.name).sort();
  return `pods ${names.join(', ')} name the Job ${job.metadata.name} as their owner, which makes ${most}`;
}

const SORTS = ['initContainers', 'containers'] as const;

/** What the cluster itself and admission may set on a container of the Job. */
const MAY_BE_SET = [
  'env',
  'imagePullPolicy',
  'resizePolicy',
  'resources',
  'restartPolicyRules',
  'securityContext',
  'volumeMounts',
];
/** With these the processes of a container that is added could reach those of the Job's. */
const MAY_NOT_BE_SET = ['hostIPC', 'hostNetwork', 'hostPID', 'shareProcessNamespace'];
/** Where admission puts certificates and sockets: nothing that the worker runs lies there. */
const MOUNTS_OF_OTHERS = ['/etc/pki/', '/etc/ssl/', '/run/', '/var/run/', '/vault/'];
/** With these another program would run in place of the worker. */
const VARIABLES_OF_LOADERS = /^(LD_.*|NODE_OPTIONS|NODE_PATH|OPENSSL_CONF|OPENSSL_MODULES)$/;
/** Set by admission where the Job names none. */
const POD_FIELDS = ['automountServiceAccountToken', 'hostname', 'restartPolicy', 'securityContext', 'volumes'];

/** Others may add containers and volumes to a pod, and fill in what the Job leaves open. */
function whyNotOf(template: unknown, spec: unknown): string | undefined {
  const field = POD_FIELDS.find((name) => !contains(valueAt(spec, [name]), valueAt(template, [name])));
  if (field !== undefined) return `its ${field} is not as in the Job`;
  const added = MAY_NOT_BE_SET.find((name) => valueAt(spec, [name]) === true && valueAt(template, [name]) !== true);
  if (added !== undefined) return `it has ${added}`;
  if (accountOf(spec) !== accountOf(template)) return 'its service account is not that of the Job';
  for (const sort of SORTS)
    for (const ours of listAt(template, [sort])) {
      const name = textAt(ours, ['name']);
      const why = whyOtherContainer(
        ours,
        listAt(spec, [sort]).find((one) => textAt(one, ['name']) === name),
      );
      if (why !== undefined) return `its container ${name} ${why}`;
    }
  return undefined;
}

function accountOf(spec: unknown): string {
  return textAt(spec, ['serviceAccountName']) ?? 'default';
}

function whyOtherContainer(ours: unknown, live: unknown): string | undefined {
  if (!isObject(ours) || !isObject(live)) return 'is missing';
  // Limits and pull policies are often set by admission, and change nothing of what runs.
  const fixed = Object.keys({ ...ours, ...live }).filter((name) => !MAY_BE_SET.includes(name));
  const other = fixed.find((name) => !sameJson(ours[name], live[name]));
  if (other !== undefined) return `has another ${other}`;
  if (!contains(live['securityContext'], ours['securityContext'])) return 'has another securityContext';
  if (!contains(live['env'], ours['env'])) return 'has another env';
  const variables = added(live['env'], ours['env'], 'name');
  const loader = variables.find((name) => VARIABLES_OF_LOADERS.test(name));
  if (loader !== undefined) return `has the variable ${loader}`;
  if (!contains(live['volumeMounts'], ours['volumeMounts'])) return 'has another volumeMounts';
  const mount = added(live['volumeMounts'], ours['volumeMounts'], 'mountPath').find(
    (path) => !MOUNTS_OF_OTHERS.some((place) => `${path}/`.startsWith(place)),
  );
  return mount === undefined ? undefined : `mounts ${mount} as well`;
}

/** What the live list has besides ours, by that field; a name that comes twice counts as added. */
function added(live: unknown, ours: unknown, by: string): readonly string[] {
  const left = Array.isArray(ours) ? [...(ours as readonly unknown[])] : [];
  return (Array.isArray(live) ? (live as readonly unknown[]) : []).flatMap((one) => {
    const index = left.findIndex((mine) => sameJson(mine, one));
    if (index >= 0) left.splice(index, 1);
    return index >= 0 ? [] : [textAt(one, [by]) ?? ''];
  });
}

/** Lists may be longer; of objects what is not in ours may be set. */
function contains(live: unknown, ours: unknown): boolean {
  if (ours === undefined) return true;
  if (Array.isArray(ours))
    return Array.isArray(live) && ours.every((mine) => live.some((one: unknown) => contains(one, mine)));
  if (!isObject(ours)) return live === ours;
  return isObject(live) && Object.entries(ours).every(([name, value]) => contains(live[name], value));
}

/** A pod as the Job makes them, for a dry run. */
export function podLike({ metadata: { name, namespace, uid = '' }, ...job }: KubeObject): KubeObject {
  const template = valueAt(job, ['spec', 'template']);
  const { labels, annotations } = (valueAt(template, ['metadata']) ?? {}) as Partial<KubeObject['metadata']>;
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${name}-as-admitted`, ...defined({ namespace, labels, annotations }), ownerReferences: [owner] },
    spec: valueAt(template, ['spec']),
  };
}

/** The Job with the images that admission gave the containers of a pod like its own. */
export function withImagesOf(job: KubeObject, admitted: KubeObject): KubeObject {
  const template = valueAt(job, ['spec', 'template', 'spec']);
  const images = new Map(
    SORTS.flatMap((sort) => listAt(admitted['spec'], [sort])).map((one) => [
      textAt(one, ['name']),
      textAt(one, ['image']),
    ]),
  );
  const moved = SORTS.map((sort) => {
    const items = listAt(template, [sort]).map((one) => ({
      ...(one as object),
      image: images.get(textAt(one, ['name'])),
    }));
    return [sort, items] as const;
  });
  const spec = { ...(template as object), ...Object.fromEntries(moved.filter(([, items]) => items.length > 0)) };
  return { ...job, spec: { ...(job['spec'] as object), template: { spec } } };
}
