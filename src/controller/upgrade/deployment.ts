// The controller's own Deployment: what it runs, and the one write that changes it.

import type { KubeObject, Ref } from '../../api/objects.ts';
import type { Cluster, JsonPatchOperation } from '../../kube/cluster.ts';
import { isObject, listAt, member, textAt, valueAt } from '../../lib/json-value.ts';
import { readUpgradeState, UPGRADE_ANNOTATION, type UpgradeState, writeUpgradeState } from '../../upgrade/state.ts';

/** As the chart names them. */
const CONTAINER = 'controller';
const IMAGE_VARIABLE = 'NODEWRIGHT_IMAGE';

export interface OwnDeployment {
  readonly object: KubeObject;
  readonly image: string;
  readonly state: UpgradeState | undefined;
  readonly isRolledOut: boolean;
  /** `a=b,c=d` of its pods. */
  readonly selector: string;
}

export function deploymentRef({ namespace, name }: { readonly namespace: string; readonly name: string }): Ref {
  return { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name };
}

/** Undefined when there is none. */
export async function readDeployment(cluster: Pick<Cluster, 'get'>, ref: Ref): Promise<OwnDeployment | undefined> {
  const object = await cluster.get(ref);
  if (object === undefined) return undefined;
  const container = containers(object)[indexOf(object)];
  return {
    object,
    image: textAt(container, ['image']) ?? '',
    state: readUpgradeState(object.metadata.annotations?.[UPGRADE_ANNOTATION]),
    isRolledOut: isRolledOut(object),
    selector: selectorOf(object),
  };
}

/**
 * Stores the state, and the image with it where one is given: both or none, and only if neither changed since it was read.
 * Rejects with INVALID or CONFLICT when one did.
 */
export async function writeDeployment(
  cluster: Pick<Cluster, 'patch'>,
  live: OwnDeployment,
  { state, image }: { readonly state: UpgradeState; readonly image?: string | undefined },
): Promise<void> {
  const { object } = live;
  const { apiVersion, kind, metadata } = object;
  const place = { namespace: metadata.namespace ?? '', name: metadata.name };
  await cluster.patch({ apiVersion, kind, ...place }, [
    ...unchanged(live),
    ...(metadata.annotations === undefined ? ([{ op: 'add', path: '/metadata/annotations', value: {} }] as const) : []),
    { op: 'add', path: ANNOTATION_PATH, value: writeUpgradeState(state) },
    ...(image === undefined ? [] : imageOperations(object, image)),
  ]);
}

/** Forgets a state that ended. */
export async function clearState(cluster: Pick<Cluster, 'patch'>, live: OwnDeployment): Promise<void> {
  const { namespace = '', name } = live.object.metadata;
  await cluster.patch(deploymentRef({ namespace, name }), [
    ...unchanged(live),
    { op: 'remove', path: ANNOTATION_PATH },
  ]);
}

const ANNOTATION_PATH = `/metadata/annotations/${UPGRADE_ANNOTATION.replace('/', '~1')}`;

function imagePath(object: KubeObject): string {
  return `/spec/template/spec/containers/${indexOf(object)}`;
}

/** A rollout changes the resourceVersion all the time, so it is compared only where there is no state to compare. */
function unchanged({ object, image }: OwnDeployment): readonly JsonPatchOperation[] {
  const { annotations, resourceVersion } = object.metadata;
  const text = annotations?.[UPGRADE_ANNOTATION];
  return [
    text === undefined
      ? { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion }
      : { op: 'test', path: ANNOTATION_PATH, value: text },
    { op: 'test', path: `${imagePath(object)}/name`, value: CONTAINER },
    { op: 'test', path: `${imagePath(object)}/image`, value: image },
  ];
}

/** Worker pods run the image of the variable. */
function imageOperations(object: KubeObject, image: string): readonly JsonPatchOperation[] {
  const path = imagePath(object);
  const variables = valueAt(containers(object)[indexOf(object)], ['env']);
  const index = Array.isArray(variables) ? variables.findIndex((one) => member(one, 'name') === IMAGE_VARIABLE) : -1;
  const variable = `${path}/env/${index}`;
  return [
    { op: 'replace', path: `${path}/image`, value: image },
    ...(index < 0
      ? []
      : ([
          { op: 'test', path: `${variable}/name`, value: IMAGE_VARIABLE },
          { op: 'replace', path: `${variable}/value`, value: image },
        ] as const)),
  ];
}

function containers(object: KubeObject): readonly unknown[] {
  return listAt(object, ['spec', 'template', 'spec', 'containers']);
}

function indexOf(object: KubeObject): number {
  const index = containers(object).findIndex((one) => member(one, 'name') === CONTAINER);
  if (index < 0) throw new Error(`Deployment ${object.metadata.name} has no container "${CONTAINER}"`);
  return index;
}

/** As `kubectl rollout status` decides it, with `minReadySeconds` behind `availableReplicas`. */
function isRolledOut(object: KubeObject): boolean {
  const status = object['status'];
  const count = (name: string): number => Number(member(status, name) ?? 0);
  const replicas = Number(valueAt(object, ['spec', 'replicas']) ?? 1);
  return (
    count('observedGeneration') >= (object.metadata.generation ?? 0) &&
    count('updatedReplicas') >= replicas &&
    count('replicas') === count('updatedReplicas') &&
    count('availableReplicas') === count('updatedReplicas')
  );
}

function selectorOf(object: KubeObject): string {
  const labels = valueAt(object, ['spec', 'selector', 'matchLabels']);
  return isObject(labels)
    ? Object.entries(labels)
        .map(([name, value]) => `${name}=${String(value)}`)
        .join(',')
    : '';
}
