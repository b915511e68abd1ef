// The parts of a container that every chain takes from the spec in the same way.

import type { NodeSpec } from '../api/blockchain-node.ts';
import type { ClientInfo } from './chain.ts';
import type { ContainerSpec } from './workload.ts';
import { imageOf } from './version.ts';

type RoleFields = Pick<ContainerSpec, 'image' | 'imagePullPolicy' | 'resources'> & {
  readonly env: Readonly<Record<string, string>>;
};

/** Image, environment and resources of a role's containers. */
export function roleFields(spec: NodeSpec, role: string, info: ClientInfo): RoleFields {
  const client = spec.clients[role] ?? { name: info.name };
  const { requests, limits } = spec.resources?.[role] ?? {};
  const env = Object.fromEntries((spec.env?.[role] ?? []).map(({ name, value }) => [name, value]));
  return {
    image: imageOf(client, info),
    ...(client.imagePullPolicy === undefined ? {} : { imagePullPolicy: client.imagePullPolicy }),
    // Programs that keep a cache in the home folder find a place they may write.
    env: { HOME: '/tmp', ...env },
    resources: { ...(requests === undefined ? {} : { requests }), ...(limits === undefined ? {} : { limits }) },
  };
}

/** The volume of a chain with one role: `data`, or the one named like the role. */
export function soleVolume(spec: NodeSpec, role: string): string {
  return spec.storage['data'] === undefined ? role : 'data';
}
