// Changes of the controllers' own version, as a plan shows them.

import type { FleetSpec } from '../api/fleet.ts';
import { clip } from '../lib/clip.ts';
import { requestOf } from './target.ts';
import { isVersion, splitImage } from './image.ts';

export interface UpgradeStep {
  readonly executor: string;
  /** The version or image before; undefined when it is not known. */
  readonly from: string | undefined;
  /** Undefined: fleet.yaml names none any more, and the controller keeps what it runs. */
  readonly to: string | undefined;
}

/** Every executor that the Fleet names, and `others`, which own something. A default that a list does not have owns nothing. */
export function executorsIn(
  { executors = [], defaultExecutor }: FleetSpec,
  others: readonly string[],
): readonly string[] {
  const listed = executors.map(({ name }) => name);
  const named = listed.length > 0 || defaultExecutor === undefined ? listed : [defaultExecutor];
  return [...new Set([...named, ...others])].sort();
}

/** Between two revisions of fleet.yaml. */
export function upgradesBetween(
  before: FleetSpec,
  after: FleetSpec,
  executors: readonly string[],
): readonly UpgradeStep[] {
  return executors.flatMap((executor) => {
    const [from, to] = [requestOf(before, executor), requestOf(after, executor)];
    return from?.id === to?.id ? [] : [{ executor, from: from?.id, to: to?.id }];
  });
}

/** Between fleet.yaml and the images that controllers run, by executor. */
export function upgradesOf(
  fleet: FleetSpec,
  images: ReadonlyMap<string, string>,
  executors: readonly string[],
): readonly UpgradeStep[] {
  return executors.flatMap((executor) => {
    const request = requestOf(fleet, executor);
    const image = images.get(executor);
    if (request === undefined || image === undefined) return [];
    if (isVersion(image, splitImage(image).name, request.version)) return [];
    return [{ executor, from: image, to: request.id }];
  });
}

/** `~ upgrade the controller of demo: 0.1.0 → 0.2.0` */
export function describeUpgrade({ executor, from, to }: UpgradeStep): string {
  if (to === undefined) return `~ leave the controller of ${executor} at its version: fleet.yaml names none any more`;
  const before = from === undefined ? '' : `${clip(from, 200)} → `;
  return `~ upgrade the controller of ${executor}: ${before}${clip(to, 200)}`;
}
