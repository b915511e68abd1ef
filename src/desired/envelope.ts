// The fields around the spec of every document: apiVersion, kind, metadata.

import type { ProblemCode } from '../api/codes/problems.ts';
import { errorAt, errorAtKey, type SpecProblem, warningAt } from '../api/spec-problem.ts';
import type { JsonObject } from '../lib/json-value.ts';
import { isObject } from '../lib/json-value.ts';
import { ANNOTATION, LABEL } from '../api/group.ts';
import { clip, clipJson } from '../lib/clip.ts';
import { didYouMean } from '../lib/nearest.ts';
import { GitMetadata, gitKinds, type GitKind } from './kinds.ts';
import { checkSchema, type Checked } from './check-schema.ts';

export interface Envelope {
  readonly metadata: GitMetadata;
  readonly spec: JsonObject;
}

/** The envelope of a document, or its problems. `kinds`: the kinds that belong in the folder of the file. */
export function checkEnvelope(
  document: JsonObject,
  expected: GitKind,
  kinds: readonly GitKind[] = [expected],
): Checked<Envelope> {
  const wrongKind = checkKind(document, expected, kinds);
  if (wrongKind.length > 0) return { ok: false, problems: wrongKind };
  const metadata = checkMetadata(document, expected);
  const problems = [...checkFields(document), ...(metadata.ok ? [] : metadata.problems)];
  const { spec } = document;
  if (!isObject(spec))
    problems.push(
      spec === undefined || spec === null
        ? errorAtKey('MissingField', ['spec'], 'is required')
        : errorAt('WrongType', ['spec'], 'must be an object'),
    );
  return metadata.ok && isObject(spec) && problems.length === 0
    ? { ok: true, data: { metadata: metadata.data, spec } }
    : { ok: false, problems };
}

function checkKind({ apiVersion, kind }: JsonObject, expected: GitKind, kinds: readonly GitKind[]): SpecProblem[] {
  const allowed = kinds.map((candidate) => candidate.kind).join(', ');
  if (kind === undefined || kind === null)
    return [
      errorAtKey('MissingField', ['kind'], `is required; here it is ${kinds.length > 1 ? 'one of ' : ''}${allowed}`),
    ];
  if (kind !== expected.kind) return [errorAt(...wrongKind(kind, allowed))];
  if (apiVersion === expected.apiVersion) return [];
  if (apiVersion === undefined || apiVersion === null)
    return [errorAtKey('MissingField', ['apiVersion'], `is required; write ${expected.apiVersion}`)];
  return [errorAt('WrongApiVersion', ['apiVersion'], `must be ${expected.apiVersion}, but is ${clipJson(apiVersion)}`)];
}

function wrongKind(kind: unknown, allowed: string): [ProblemCode, string[], string] {
  const known = gitKinds.find((candidate) => candidate.kind === kind);
  if (known !== undefined) return ['WrongFolder', ['kind'], `a ${known.kind} belongs in ${known.place}, not here`];
  const advice = didYouMean(
    kind,
    gitKinds.map((candidate) => candidate.kind),
    `only ${allowed} ${allowed.includes(',') ? 'are' : 'is'} read from this folder; nothing else is applied`,
  );
  return ['UnknownKind', ['kind'], `${clipJson(kind)} is not a kind of this repository; ${advice}`];
}

const FIELDS = ['apiVersion', 'kind', 'metadata', 'spec'];
const MAX_UNKNOWN = 30;

function checkFields(document: JsonObject): SpecProblem[] {
  return Object.keys(document)
    .filter((field) => !FIELDS.includes(field))
    .slice(0, MAX_UNKNOWN)
    .map((field) => {
      if (field === 'status')
        return errorAtKey('ForbiddenField', [field], 'status is written by the controller; remove it');
      const advice = didYouMean(field, FIELDS, `known fields are ${FIELDS.join(', ')}`);
      return errorAtKey('UnknownField', [clip(field, 60)], `unknown field; ${advice}`);
    });
}

/** Fields of `metadata` that exist in Kubernetes but may not come from Git, and why. */
const FORBIDDEN: Readonly<Record<string, string>> = {
  uid: 'is set by the API server',
  resourceVersion: 'is set by the API server and would make every later change a conflict',
  generation: 'is set by the API server',
  creationTimestamp: 'is set by the API server',
  deletionTimestamp: 'is set by the API server; to delete the object, delete its file',
  deletionGracePeriodSeconds: 'is set by the API server',
  managedFields: 'is set by the API server',
  selfLink: 'is set by the API server',
  ownerReferences: 'would let the garbage collector delete the object',
  finalizers: 'would keep the object from being deleted',
  generateName: 'would create another object in every reconciliation; set a name',
};

function checkMetadata(document: JsonObject, expected: GitKind): Checked<GitMetadata> {
  const { metadata } = document;
  if (metadata === undefined || metadata === null)
    return { ok: false, problems: [errorAtKey('MissingField', ['metadata'], 'is required')] };
  const forbidden = isObject(metadata) ? Object.keys(metadata).filter((field) => Object.hasOwn(FORBIDDEN, field)) : [];
  const problems = forbidden.map((field) =>
    errorAtKey('ForbiddenMetadata', ['metadata', field], `${FORBIDDEN[field] ?? ''}; remove it`),
  );
  const rest = isObject(metadata)
    ? Object.fromEntries(Object.entries(metadata).filter(([field]) => !forbidden.includes(field)))
    : metadata;
  const checked = checkSchema(GitMetadata, rest, ['metadata']);
  if (!checked.ok) return { ok: false, problems: [...problems, ...checked.problems] };
  const name = checkSchema(expected.name, checked.data.name, ['metadata', 'name']);
  problems.push(...(name.ok ? [] : name.problems), ...checkOwnNames(checked.data), ...checkPlace(checked.data));
  return problems.length === 0 ? checked : { ok: false, problems };
}

/** Warnings about fields that the kind does not use: without them an author would wait for an effect. */
export function unusedMetadata({ metadata }: Envelope, { kind, metadata: used }: GitKind): readonly SpecProblem[] {
  return Object.keys(metadata)
    .filter((field) => field !== 'name' && !used.some((one) => one === field))
    .map((field) => warningAt('UnusedMetadata', ['metadata', field], `has no effect on a ${kind}; remove it`));
}

const OWN_LABELS: readonly string[] = Object.values(LABEL);
/** Authors set `release`; the controller sets all others. */
const OWN_ANNOTATIONS: readonly string[] = Object.values(ANNOTATION).filter((name) => name !== ANNOTATION.release);

/** Labels and annotations that the controller sets. From Git they would be false. */
function checkOwnNames({ labels = {}, annotations = {} }: GitMetadata): SpecProblem[] {
  const ours = [
    ...Object.keys(labels)
      .filter((name) => OWN_LABELS.includes(name))
      .map((name) => ['metadata', 'labels', name]),
    ...Object.keys(annotations)
      .filter((name) => OWN_ANNOTATIONS.includes(name))
      .map((name) => ['metadata', 'annotations', name]),
  ];
  return ours.map((path) => errorAtKey('ForbiddenMetadata', path, 'is set by the controller; remove it'));
}

/** https://kubernetes.io/docs/reference/kubernetes-api/: the annotations of an object may have 256 KiB in total. */
const MAX_ANNOTATIONS = 128 * 1024;

function checkPlace({ namespace = '', annotations = {} }: GitMetadata): SpecProblem[] {
  const problems: SpecProblem[] = [];
  if (/^kube-(system|public|node-lease)$/.test(namespace))
    problems.push(
      errorAt(
        'ForbiddenNamespace',
        ['metadata', 'namespace'],
        `${namespace} belongs to Kubernetes; choose another namespace`,
      ),
    );
  const size = Object.entries(annotations).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (size > MAX_ANNOTATIONS)
    problems.push(
      errorAtKey(
        'AnnotationsTooLarge',
        ['metadata', 'annotations'],
        `has ${size} characters, more than ${MAX_ANNOTATIONS}`,
      ),
    );
  return problems;
}
