// Schemas of fields that several kinds share.

import { z } from 'zod';

import { QUANTITY_PATTERN, wrongQuantity } from '../lib/quantity.ts';

/** RFC 1123 label: what a pod, a Service and a PVC can be called. */
export const Name = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be a lower-case RFC 1123 label: letters, digits and "-"');

/** RFC 1123 subdomain: the name of an object such as a StorageClass. */
export const SubdomainName = z
  .string()
  .min(1)
  .max(253)
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    'must be lower-case letters, digits, "-" and "."',
  );

/**
 * A node's name. 52 characters, because the StatefulSet controller adds a revision hash of up to 11 to it in a label
 * that may hold 63.
 */
export const NodeName = z
  .string()
  .min(1)
  .max(52)
  .regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, 'must be lower-case letters, digits and "-", starting with a letter');

export const Quantity = z
  .string()
  .max(32)
  .regex(QUANTITY_PATTERN, { error: ({ input }) => wrongQuantity(input) });

const ResourceList = z.record(z.string().max(63), Quantity).meta({ maxProperties: 16 });

/** Requests and limits of a container. */
export const Resources = z.strictObject({
  requests: ResourceList.optional().describe(
    'Resource name → quantity that is reserved, e.g. `{cpu: "2", memory: 16Gi}`. At most 16.',
  ),
  limits: ResourceList.optional().describe(
    'Resource name → highest quantity that the container may use. At most 16. More memory ends the container.',
  ),
});
export type Resources = z.infer<typeof Resources>;

const LABEL_PREFIX = /([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?/.source;
const LABEL_NAME = /[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?/.source;

/** The key of a label or an annotation: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ */
export const QualifiedName = z
  .string()
  .max(317)
  .regex(new RegExp(`^${LABEL_PREFIX}${LABEL_NAME}$`), 'must be a name such as "team" or "example.com/team"');

export const LabelValue = z
  .string()
  .max(63)
  .regex(new RegExp(`^(${LABEL_NAME})?$`), 'must be a label value: letters, digits, "-", "_" and ".", at most 63');

export const Labels = z.record(QualifiedName, LabelValue).meta({ maxProperties: 64 });

export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits');

export const HttpUrl = z
  .string()
  .max(2048)
  .regex(/^https?:\/\/[!-?A-~]+$/, 'must be an http(s) URL of ASCII characters, without a user name or password');

const Pointer = z
  .string()
  .max(1024)
  .regex(/^(\/.*)?$/, 'must be a JSON pointer, starting with "/"');

/** One RFC 6902 operation. */
export const PatchOperation = z.strictObject({
  op: z.enum(['add', 'remove', 'replace', 'move', 'copy', 'test']).describe('The operation, as in RFC 6902.'),
  path: Pointer.describe('JSON pointer to the place that the operation changes or tests, e.g. `/spec/replicas`.'),
  from: Pointer.optional().describe('JSON pointer to the place to read from; required for `move` and `copy`.'),
  value: z
    .unknown()
    .optional()
    .meta({ 'x-kubernetes-preserve-unknown-fields': true })
    .describe('New value for `add` and `replace`, expected value for `test`. Any type.'),
});
export type PatchOperation = z.infer<typeof PatchOperation>;

/** Kubernetes merges such a list by one field of its items, which is required and unique: each item has an owner. */
export function mapList(key: string): Readonly<Record<string, unknown>> {
  return { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] };
}

const HOST = String.raw`(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?`;
const PART = String.raw`[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*`;
const TAG = String.raw`[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`;
const DIGEST = String.raw`[A-Za-z][A-Za-z0-9+._-]*:[0-9A-Fa-f]{32,}`;

/**
 * References of images as a kubelet reads them: host, path, tag and digest (https://github.com/distribution/reference). The API
 * server reads the pattern too, so it has nothing that RE2 lacks.
 */
export const IMAGE_REFERENCE = new RegExp(`^(?:${HOST}/)?${PART}(?:/${PART})*(?::${TAG})?(?:@${DIGEST})?$`);

/** The same without tag and digest. */
export const IMAGE_REPOSITORY = new RegExp(`^(?:${HOST}/)?${PART}(?:/${PART})*$`);

export const IMAGE_ADVICE =
  'Write it like "registry.example/team/geth:1.16.7", without spaces, and in lower case up to the tag.';
