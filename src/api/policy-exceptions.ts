// The annotation with the policy exceptions that a BlockchainNode uses. The plan compares it; the controller accepts no other exceptions.

import { ANNOTATION } from './group.ts';
import type { ObjectMeta } from './objects.ts';

/** `HostNetwork.1f3a9c02`: a rule and a digest of what breaks it. */
export type ExceptionUse = string;

/** The annotation's value, e.g. `HostNetwork.1f3a9c02,HostPort.7700aa12`; undefined for none. */
export function exceptionsAnnotation(
  uses: readonly { readonly rule: string; readonly digest: string }[],
): string | undefined {
  return uses.length === 0 ? undefined : uses.map(({ rule, digest }) => `${rule}.${digest}`).join(',');
}

/** The exceptions in the annotation of an object. */
export function exceptionsIn({ annotations }: Pick<ObjectMeta, 'annotations'>): readonly ExceptionUse[] {
  const text = annotations?.[ANNOTATION.policyExceptions] ?? '';
  return text === '' ? [] : text.split(',');
}

/** `HostNetwork` of `HostNetwork.1f3a9c02`. */
export function ruleOfException(use: ExceptionUse): string {
  return use.split('.')[0] ?? '';
}
