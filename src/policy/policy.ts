// The policy as it is applied: the administrator's file, completed with the defaults of this controller.

import type { PolicyAllowances, PolicySpec } from '../api/policy.ts';
import { digestOf } from '../lib/hash.ts';
import { repositoryPattern } from './images.ts';
import { DEFAULTS } from './defaults.ts';
import { matchesAny } from './patterns.ts';

/** What the controller itself knows, and no file needs to repeat. */
export interface Site {
  /** The default namespace of nodes. */
  readonly namespace: string;
  /** Image repositories of the clients that the chains know. */
  readonly clientImages: readonly string[];
  /** The controller's own image repository, if it is known: worker pods run it. */
  readonly workerImage?: string | undefined;
  /** Secrets with the controller's own credentials. */
  readonly reservedSecrets?: readonly string[] | undefined;
  /** Whether the controller can change its own version; undefined where there is no controller, only its policy. */
  readonly selfUpdate?: boolean | undefined;
}

/** How each list is found in the file. To add one: its field in the schema, its line here, the rule that reads it. */
const LISTS = {
  namespaces: ({ namespaces }) => namespaces,
  nodeImages: ({ images }) => images?.nodes?.map(repositoryPattern),
  sidecarImages: ({ images }) => images?.sidecars?.map(repositoryPattern),
  jobImages: ({ images }) => images?.jobs?.map(repositoryPattern),
  secrets: ({ secrets }) => secrets,
  configMaps: ({ configMaps }) => configMaps,
  storageClasses: ({ storageClasses }) => storageClasses,
  snapshotClasses: ({ snapshotClasses }) => snapshotClasses,
  serviceTypes: ({ serviceTypes }) => serviceTypes,
  priorityClasses: ({ priorityClasses }) => priorityClasses,
  tolerations: ({ tolerations }) => tolerations,
  labels: ({ labels }) => labels,
  annotations: ({ annotations }) => annotations,
  patchesOfStatefulSet: ({ patches }) => patches?.StatefulSet,
  patchesOfService: ({ patches }) => patches?.Service,
  patchesOfConfigMap: ({ patches }) => patches?.ConfigMap,
  patchesOfPodDisruptionBudget: ({ patches }) => patches?.PodDisruptionBudget,
  exceptions: ({ exceptions }) => exceptions,
  jobKinds: ({ jobs }) => jobs?.kinds,
  deployMethods: ({ jobs }) => jobs?.deployMethods,
  foreignNamespaces: ({ jobs }) => jobs?.foreignNamespaces,
  locations: ({ jobs }) => jobs?.locations,
} satisfies Readonly<Record<string, (spec: PolicyAllowances) => readonly string[] | undefined>>;

type ListName = keyof typeof LISTS;

/** What some files may do. Lists of patterns, as the schema describes them. */
export type Allowed = Readonly<Record<ListName, readonly string[]>> & {
  readonly reservedSecrets: readonly string[];
  /** Names of the backup locations that exist. */
  readonly backupLocations: readonly string[];
  /** The default of `jobImages`. */
  readonly defaultJobImages: readonly string[];
};

export interface Policy {
  /** Complete: the same file read by another controller means the same. */
  readonly spec: PolicySpec;
  /** Equal for equal policies. */
  readonly digest: string;
  /**
   * What a node or job may do that these files made together: a rule holds only when it names each of them, so that none
   * has the rights of another's folder. `undefined` for an object that was created by hand.
   */
  allowedFor(files: readonly string[] | undefined): Allowed;
  /** Where several controllers have policies of their own: by-executor.ts. */
  readonly forExecutor?: (executor: string) => Policy;
}

/** The policy of an administrator's file, or of none. */
export function createPolicy(spec: PolicySpec, site: Site): Policy {
  const complete = completed(spec, site);
  const base = extended(nothing(complete, completedImages({}, site).jobs), complete);
  const rules = complete.rules ?? [];
  const known = new Map<string, Allowed>();

  function allowedFor(files: readonly string[] | undefined): Allowed {
    if (files === undefined || files.length === 0 || rules.length === 0) return base;
    const indexes = [...rules.keys()].filter((index) =>
      files.every((file) => matchesAny(rules[index]?.when.paths ?? [], file)),
    );
    const key = indexes.join(' ');
    const found = known.get(key) ?? indexes.reduce((sum, index) => extended(sum, rules[index]?.allow ?? {}), base);
    known.set(key, found);
    return found;
  }

  return { spec: complete, digest: digestOf(complete), allowedFor };
}

function completed(spec: PolicySpec, site: Site): PolicySpec {
  return {
    ...DEFAULTS,
    ...spec,
    namespaces: spec.namespaces ?? [site.namespace],
    images: completedImages(spec.images ?? {}, site),
    patches: { ...DEFAULTS.patches, ...spec.patches },
    jobs: { ...DEFAULTS.jobs, ...spec.jobs },
    selfUpdate: completedUpdate(spec.selfUpdate ?? {}, site),
    reservedSecrets: [
      ...new Set([...(spec.reservedSecrets ?? []), ...(site.reservedSecrets ?? []), ...locationSecrets(spec)]),
    ],
  };
}

/** The password of a repository opens the data of every node in it. */
function locationSecrets({ backupLocations = {} }: PolicySpec): readonly string[] {
  return Object.values(backupLocations).map(({ secret }) => secret);
}

/** Also a policy that allows it changes nothing for a controller that cannot do it. */
function completedUpdate(
  own: NonNullable<PolicySpec['selfUpdate']>,
  { selfUpdate }: Site,
): NonNullable<PolicySpec['selfUpdate']> {
  return { ...own, allowed: selfUpdate === undefined ? own.allowed === true : selfUpdate && own.allowed !== false };
}

type Images = NonNullable<PolicySpec['images']>;
type CompleteImages = { readonly [part in keyof Images]-?: NonNullable<Images[part]> };

function completedImages({ nodes, sidecars, jobs }: Images, { clientImages, workerImage }: Site): CompleteImages {
  return {
    nodes: nodes ?? [...clientImages, ...DEFAULTS.images.nodes],
    sidecars: sidecars ?? DEFAULTS.images.sidecars,
    jobs: jobs ?? [...(workerImage === undefined ? [] : [workerImage]), ...DEFAULTS.images.jobs],
  };
}

/** The lists of `more` added to those of `below`: a rule for some files only ever adds. */
function extended(below: Allowed, more: PolicyAllowances): Allowed {
  const lists = Object.entries(LISTS).map(([name, read]) => {
    const known: readonly string[] = below[name as ListName];
    return [name, [...known, ...(read(more) ?? [])]] as const;
  });
  return { ...below, ...Object.fromEntries(lists) };
}

function nothing({ reservedSecrets = [], backupLocations = {} }: PolicySpec, jobImages: readonly string[]): Allowed {
  const lists = Object.keys(LISTS).map((name) => [name, []] as const);
  return {
    ...(Object.fromEntries(lists) as unknown as Record<ListName, readonly string[]>),
    reservedSecrets,
    backupLocations: Object.keys(backupLocations).sort(),
    defaultJobImages: jobImages.map(repositoryPattern),
  };
}
