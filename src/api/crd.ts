// The CustomResourceDefinition of a kind, from its zod schemas.

import type { z } from 'zod';

import { ANNOTATION, GROUP, pluralOf, VERSION } from './group.ts';
import { toJsonSchema } from './json-schema.ts';
import type { KubeObject } from './objects.ts';
import { toStructural } from './structural.ts';

/** Raise it with every change of a schema: a controller with a lower number keeps the CRDs of one with a higher number. */
const SCHEMA_REVISION = 17;

/** https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#additional-printer-columns */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly description?: string;
  /** 1: only with `kubectl get -o wide`. */
  readonly priority?: 0 | 1;
}

/** A CEL rule: https://kubernetes.io/docs/reference/using-api/cel/ */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
}

export interface CustomKind {
  readonly kind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly description: string;
  /** Longest name. It is shorter than the limit of Kubernetes when names of other objects are derived from it. */
  readonly maxNameLength: number;
  readonly spec: z.ZodObject;
  readonly status: z.ZodObject;
  readonly columns: readonly PrinterColumn[];
  /** Rules over the whole spec. */
  readonly specRules: readonly CelRule[];
}

/** No object has this generation. */
const NOT_JUDGED = -1;

/** The CRD object. Throws when a schema has something that a CRD cannot express. */
export function toCrd(kind: CustomKind): KubeObject {
  const { shortNames, categories } = kind;
  const plural = pluralOf(kind.kind);
  const singular = kind.kind.toLowerCase();
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${GROUP}`,
      annotations: { [ANNOTATION.schemaRevision]: String(SCHEMA_REVISION) },
    },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind: kind.kind, listKind: `${kind.kind}List`, plural, singular, shortNames, categories },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: kind.columns,
          schema: { openAPIV3Schema: openApiSchema(kind) },
        },
      ],
    },
  };
}

function openApiSchema({ description, spec, status, specRules, maxNameLength }: CustomKind): object {
  const nameRule: CelRule = {
    rule: `self.metadata.name.size() <= ${maxNameLength}`,
    message: `metadata.name may have at most ${maxNameLength} characters`,
  };
  const specSchema = {
    description: 'Desired state: what the object asks for.',
    ...toStructural(toJsonSchema(spec, 'openapi-3.0'), ['spec']),
  };
  return {
    type: 'object',
    description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: 'Group and version of the API.' },
      kind: { type: 'string', description: 'Kind of the object.' },
      // Without a description: the API server refuses anything but restrictions of name and generateName here.
      metadata: { type: 'object' },
      spec: specRules.length === 0 ? specSchema : { ...specSchema, 'x-kubernetes-validations': specRules },
      status: {
        description: 'Observed state: written by the controller alone.',
        // Tools that wait compare it with the generation: an object that no controller has judged is not current.
        default: { observedGeneration: NOT_JUDGED },
        ...toStructural(toJsonSchema(status, 'openapi-3.0'), ['status']),
      },
    },
    'x-kubernetes-validations': [nameRule],
  };
}

/** A field name as CEL writes it: `cita-cloud` → `cita__dash__cloud`. */
export function celName(field: string): string {
  return field
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}
