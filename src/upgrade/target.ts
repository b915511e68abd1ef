// What fleet.yaml asks of one controller, and whether the policy of its administrator allows it.

import type { UpgradeRefusal } from '../api/codes/upgrade-reasons.ts';
import type { FleetSpec } from '../api/fleet.ts';
import type { Policy } from '../policy/policy.ts';
import { isVersion, splitImage, splitVersion } from './image.ts';
import { inRange } from '../api/version-range.ts';

export interface UpgradeRequest {
  readonly version: string;
  /** Equal for equal requests: a final state stands until it changes. */
  readonly id: string;
}

/** Of the executor's own entry, else of the whole fleet; undefined when fleet.yaml names no version. */
export function requestOf({ controller, executors }: FleetSpec, executor: string): UpgradeRequest | undefined {
  const own = executors?.find(({ name }) => name === executor)?.controller ?? controller;
  if (own === undefined) return undefined;
  const { version, attempt } = own;
  return { version, id: attempt === undefined ? version : `${version} attempt ${attempt}` };
}

/** What the policy says, complete. */
export interface UpgradeRules {
  readonly allowed: boolean;
  /** Where the image is pulled from; undefined: the repository of the running image. */
  readonly repository: string | undefined;
  readonly versions: string | undefined;
}

export function rulesOf({ spec: { selfUpdate } }: Pick<Policy, 'spec'>): UpgradeRules {
  return {
    allowed: selfUpdate?.allowed === true,
    repository: selfUpdate?.repository,
    versions: selfUpdate?.versions,
  };
}

export interface Refusal {
  readonly reason: UpgradeRefusal;
  readonly message: string;
}

/** Undefined when it is allowed. */
export function refusalOf({ version }: UpgradeRequest, { allowed, versions }: UpgradeRules): Refusal | undefined {
  if (!allowed)
    return notAllowed(
      `this controller may not change its own version. Upgrade it with the chart, or set selfUpdate.enabled in its values (and not selfUpdate.allowed: false in its policy)`,
    );
  if (versions === undefined) return undefined;
  const { tag } = splitVersion(version);
  const isInside = tag === undefined ? undefined : inRange(tag, versions);
  if (isInside === true) return undefined;
  return notAllowed(
    isInside === false
      ? `the policy allows versions ${versions}, and not ${version}`
      : `the policy allows versions ${versions}, and ${version} is not a version such as 1.2.3. Name the tag of a version, also with a digest: 1.2.3@sha256:…`,
  );
}

function notAllowed(message: string): Refusal {
  return { reason: 'VersionNotAllowed', message };
}

/** The repository as it is written into the Deployment. */
export function repositoryFor(image: string, { repository }: UpgradeRules): string {
  return repository ?? splitImage(image).name;
}

/** Whether the controller already runs what is asked for. */
export function isFulfilled(image: string, { version }: UpgradeRequest, rules: UpgradeRules): boolean {
  return isVersion(image, repositoryFor(image, rules), version);
}
