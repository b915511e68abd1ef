// The verdict on a one-shot job: its kind, its image, and what it may act on.

import type { PolicyRule } from '../api/codes/policy-rules.ts';
import { clipJson } from '../lib/clip.ts';
import type { Path } from '../lib/json-pointer.ts';
import { isObject, type JsonObject, textAt, valueAt } from '../lib/json-value.ts';
import { DEFAULTS } from './defaults.ts';
import { denial, type Denial, isWaivable } from './denial.ts';
import { repositoryOf } from './images.ts';
import { matchesAny } from './patterns.ts';
import type { Allowed } from './policy.ts';

export interface JobCase {
  readonly kind: string;
  readonly namespace: string;
  readonly spec: JsonObject;
  readonly allowed: Allowed;
}

interface JobBreach {
  readonly path: Path;
  readonly what: string;
}

interface JobRule {
  readonly rule: PolicyRule;
  readonly find: (subject: JobCase) => JobBreach | undefined;
}

/** README.md lists the steps to add one. */
export const jobRules: readonly JobRule[] = [
  { rule: 'JobKindNotAllowed', find: jobKind },
  { rule: 'NamespaceNotAllowed', find: namespace },
  { rule: 'ForeignWorkloadNotAllowed', find: foreignWorkload },
  { rule: 'ImageNotAllowed', find: image },
  { rule: 'StorageClassNotAllowed', find: storageClass },
  { rule: 'SnapshotClassNotAllowed', find: snapshotClass },
  { rule: 'ForeignVolume', find: pluginDevice },
  { rule: 'RootOwner', find: rootOwner },
  { rule: 'LocationNotAllowed', find: location },
];

export interface JobVerdict {
  readonly denials: readonly Denial[];
  /** Rules that it breaks under the default policy and not under this one; sorted. Each job with one waits for an approval. */
  readonly exceptions: readonly PolicyRule[];
}

/** What a job can reach beyond the nodes of the fleet. Wider lists of namespaces or kinds are no exception of a job. */
const NEEDS_APPROVAL: ReadonlySet<PolicyRule> = new Set([
  'ForeignWorkloadNotAllowed',
  'ImageNotAllowed',
  'ForeignVolume',
  'RootOwner',
]);

/** The same verdict for a file, for a schedule's template, and for an object in the cluster. */
export function judgeJob(subject: JobCase): JobVerdict {
  const found = breachesOf(subject);
  const denied = new Set(found.map(({ rule }) => rule));
  const wider = breachesOf({ ...subject, allowed: byDefault(subject.allowed) }).filter(
    ({ rule }) => NEEDS_APPROVAL.has(rule) && !denied.has(rule),
  );
  return {
    denials: found.map(({ rule, breach }) => denial(rule, breach, breach.path)),
    exceptions: wider.map(({ rule }) => rule).sort(),
  };
}

interface FoundBreach {
  readonly rule: PolicyRule;
  readonly breach: JobBreach;
}

function breachesOf(subject: JobCase): readonly FoundBreach[] {
  return jobRules.flatMap(({ rule, find }) => {
    const breach = isWaivable(rule) && subject.allowed.exceptions.includes(rule) ? undefined : find(subject);
    return breach === undefined ? [] : [{ rule, breach }];
  });
}

function byDefault(allowed: Allowed): Allowed {
  const { deployMethods, foreignNamespaces } = DEFAULTS.jobs;
  const { exceptions } = DEFAULTS;
  return { ...allowed, exceptions, deployMethods, foreignNamespaces, jobImages: allowed.defaultJobImages };
}

function methodOf({ spec }: JobCase): string {
  return textAt(spec, ['deployMethod']) ?? 'managed';
}

function jobKind({ kind, allowed }: JobCase): JobBreach | undefined {
  if (matchesAny(allowed.jobKinds, kind)) return undefined;
  return { path: ['kind'], what: `is ${kind}, which jobs.kinds does not name` };
}

function namespace(subject: JobCase): JobBreach | undefined {
  const { allowed } = subject;
  if (methodOf(subject) !== 'managed' || matchesAny(allowed.namespaces, subject.namespace)) return undefined;
  const known = allowed.namespaces.join(', ');
  return {
    path: ['metadata', 'namespace'],
    what: `is "${subject.namespace}"; the policy allows ${known === '' ? 'none' : known}`,
  };
}

function foreignWorkload(subject: JobCase): JobBreach | undefined {
  const { allowed } = subject;
  const method = methodOf(subject);
  if (method === 'managed') return undefined;
  if (!allowed.deployMethods.some((one) => one === method))
    return { path: ['spec', 'deployMethod'], what: `is ${method}, which jobs.deployMethods does not name` };
  const namespaces = [...allowed.namespaces, ...allowed.foreignNamespaces];
  if (matchesAny(namespaces, subject.namespace)) return undefined;
  const what = `is "${subject.namespace}"; jobs on workloads of other tools are allowed in ${namespaces.join(', ')}`;
  return { path: ['metadata', 'namespace'], what };
}

function image({ spec, allowed }: JobCase): JobBreach | undefined {
  const given = spec['image'];
  if (given === undefined) return undefined;
  if (typeof given === 'string' && matchesAny(allowed.jobImages, repositoryOf(given))) return undefined;
  return { path: ['spec', 'image'], what: `is ${clipJson(given, 160)}, which images.jobs does not name` };
}

function storageClass({ spec, allowed }: JobCase): JobBreach | undefined {
  const given = textAt(spec, ['storageClass']);
  if (given === undefined || matchesAny(allowed.storageClasses, given)) return undefined;
  return { path: ['spec', 'storageClass'], what: `is "${given}"` };
}

/** Which class is the default is known to the cluster alone. */
function snapshotClass({ spec, allowed }: JobCase): JobBreach | undefined {
  const at = ['destination', 'volumeSnapshot'];
  const path = ['spec', ...at];
  if (valueAt(spec, at) === undefined || allowed.snapshotClasses.includes('**')) return undefined;
  const given = textAt(spec, [...at, 'className']);
  if (given === undefined)
    return { path, what: `names no class; the policy allows ${allowed.snapshotClasses.join(', ') || 'none'}` };
  return matchesAny(allowed.snapshotClasses, given)
    ? undefined
    : { path: [...path, 'className'], what: `is "${given}"` };
}

/** As for a node: resources with a prefix come from device plugins. */
function pluginDevice({ spec }: JobCase): JobBreach | undefined {
  for (const list of ['requests', 'limits']) {
    const given = valueAt(spec, ['resources', list]);
    const name = isObject(given) ? Object.keys(given).find((one) => one.includes('/')) : undefined;
    if (name !== undefined) return { path: ['spec', 'resources', list, name], what: DEVICE };
  }
  return undefined;
}

const DEVICE = 'asks for a device of the Kubernetes node';

function rootOwner({ kind, spec }: JobCase): JobBreach | undefined {
  if (kind !== 'ChangeOwner') return undefined;
  const field = ['uid', 'gid'].find((one) => spec[one] === 0);
  return field === undefined ? undefined : { path: ['spec', field], what: 'is 0, which is root' };
}

/** A backup in a location is readable to all who may name it, so a Restore reads only of namespaces that it may act on. */
function location({ spec, allowed }: JobCase): JobBreach | undefined {
  for (const field of ['destination', 'source']) {
    const name = textAt(spec, [field, 'objectStorage', 'name']);
    if (name === undefined) continue;
    const known = allowed.backupLocations.filter((one) => matchesAny(allowed.locations, one));
    if (!known.includes(name)) {
      const what = `is "${name}"; the policy allows ${known.length === 0 ? 'none' : known.join(', ')}`;
      return { path: ['spec', field, 'objectStorage', 'name'], what };
    }
    const of = textAt(spec, [field, 'objectStorage', 'namespace']);
    if (of !== undefined && !matchesAny([...allowed.namespaces, ...allowed.foreignNamespaces], of))
      return { path: ['spec', field, 'objectStorage', 'namespace'], what: `is "${of}"` };
  }
  return undefined;
}
