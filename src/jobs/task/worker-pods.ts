// Whether pods are those that the Job made: labels and owners can be put on any pod, and its end would count as the end of the work.

import type { KubeObject } from '../../api/objects.ts';
import { defined } from '../../lib/defined.ts';
import { isObject, listAt, textAt, valueAt } from '../../lib/json-value.ts';
import { sameJson } from '../../lib/stable-json.ts';
import { asAdmitted, isLevel, whyOtherContainer } from './worker-container.ts';

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

/** With these the processes of a container that is added could reach those of the Job's. */
const MAY_NOT_BE_SET = ['hostIPC', 'hostNetwork', 'hostPID', 'shareProcessNamespace'];
/** These lead the pod to other servers, or another identity, or let it run otherwise. */
const AS_IN_THE_JOB = ['automountServiceAccountToken', 'dnsPolicy', 'hostAliases', 'hostUsers', 'restartPolicy'];
/** Of the security context of the pod: what adds no rights. */
const MAY_BE_SET = ['fsGroup', 'fsGroupChangePolicy', 'supplementalGroups', 'supplementalGroupsPolicy'];

/** Others may add containers and volumes to a pod, and fill in what the Job leaves open. */
function whyNotOf(template: unknown, spec: unknown): string | undefined {
  const field = otherField(template, spec);
  if (field !== undefined) return `its ${field} is not as in the Job`;
  const added = MAY_NOT_BE_SET.find((name) => valueAt(spec, [name]) === true && valueAt(template, [name]) !== true);
  if (added !== undefined) return `it has ${added}`;
  if (accountOf(spec) !== accountOf(template)) return 'its service account is not that of the Job';
  for (const sort of SORTS)
    for (const ours of listAt(template, [sort])) {
      const name = textAt(ours, ['name']);
      const live = listAt(spec, [sort]).find((one) => textAt(one, ['name']) === name);
      const why = whyOtherContainer(ours, live, valueAt(template, ['securityContext']));
      if (why !== undefined) return `its container ${name} ${why}`;
    }
  return whyIntruder(template, spec);
}

function otherField(template: unknown, spec: unknown): string | undefined {
  const field = AS_IN_THE_JOB.find((name) => !sameJson(valueAt(spec, [name]), valueAt(template, [name])));
  if (field !== undefined) return field;
  const hostname = valueAt(template, ['hostname']);
  if (hostname !== undefined && valueAt(spec, ['hostname']) !== hostname) return 'hostname';
  // Admission may set options of the resolver, such as ndots.
  if (['nameservers', 'searches'].some((name) => listAt(spec, ['dnsConfig', name]).length > 0)) return 'dnsConfig';
  if (!isAsSecure(valueAt(template, ['securityContext']), valueAt(spec, ['securityContext']))) return 'securityContext';
  const live = listAt(spec, ['volumes']);
  return listAt(template, ['volumes']).every((ours) => live.some((one) => sameJson(one, ours))) ? undefined : 'volumes';
}

function isAsSecure(ours: unknown, live: unknown): boolean {
  const names = Object.keys({ ...(isObject(ours) ? ours : {}), ...(isObject(live) ? live : {}) });
  return names.every((name) => {
    const [mine, theirs] = [valueAt(ours, [name]), valueAt(live, [name])];
    if (mine !== undefined || theirs === undefined) return sameJson(mine, theirs);
    return MAY_BE_SET.includes(name) || (name === 'seLinuxOptions' && isLevel(theirs));
  });
}

/** A container that was added has volumes of its own: in those of the Job it could change what the work reads and writes. */
function whyIntruder(template: unknown, spec: unknown): string | undefined {
  const volumes = listAt(template, ['volumes']).map((one) => textAt(one, ['name']));
  for (const sort of SORTS) {
    const names = listAt(template, [sort]).map((one) => textAt(one, ['name']));
    for (const one of listAt(spec, [sort])) {
      const name = textAt(one, ['name']);
      const mount = listAt(one, ['volumeMounts']).find((each) => volumes.includes(textAt(each, ['name'])));
      if (!names.includes(name) && mount !== undefined)
        return `the container ${name} that was added mounts its volume ${textAt(mount, ['name'])}`;
    }
  }
  return undefined;
}

function accountOf(spec: unknown): string {
  return textAt(spec, ['serviceAccountName']) ?? 'default';
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

/** The Job with the images and proxies that admission gave the containers of a pod like its own. */
export function withGivenBy(job: KubeObject, admitted: KubeObject): KubeObject {
  const template = valueAt(job, ['spec', 'template', 'spec']);
  const changed = SORTS.map((sort) => {
    const theirs = listAt(admitted['spec'], [sort]);
    const items = listAt(template, [sort]).map((one) =>
      asAdmitted(
        one,
        theirs.find((other) => textAt(other, ['name']) === textAt(one, ['name'])),
      ),
    );
    return [sort, items] as const;
  });
  const spec = { ...(template as object), ...Object.fromEntries(changed.filter(([, items]) => items.length > 0)) };
  return { ...job, spec: { ...(job['spec'] as object), template: { spec } } };
}
