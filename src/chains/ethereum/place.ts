// What the flags of a client depend on: folders, ports, addresses. One value per role, made from the spec.

import type { NodeSpec } from '../../api/blockchain-node.ts';
import type { Mount } from '../workload.ts';
import { findNetwork } from './networks.ts';

export const ENGINE_PORT = 8551;
export const JWT_SECRET = 'jwt';
export const JWT_KEY = 'jwt.hex';
export const JWT_FILE = `/secrets/jwt/${JWT_KEY}`;

export interface Place {
  readonly network: string;
  /** Of the client: some flags depend on it. */
  readonly version: string;
  readonly development: boolean;
  readonly archive: boolean;
  /** Folder of this role's data inside the container. */
  readonly dataDir: string;
  readonly p2pPort: number;
  /** Second p2p port of clients that speak QUIC beside TCP. */
  readonly quicPort: number;
  /** Address that peers are given, when it is not the pod's. */
  readonly advertise: string | undefined;
  /** Beacon API to take the starting point from; only for consensus clients. */
  readonly checkpointUrl: string | undefined;
}

/** The usual p2p port of a client, for nodes that name none. */
export interface UsualPorts {
  readonly p2p: number;
  readonly quic?: number;
}

/** What a place is made of beside the spec. */
export interface PlaceOf {
  readonly defaultVersion: string;
  readonly ports: UsualPorts;
}

/**
 * `spec.p2p.port` P moves the whole node: execution listens on P, consensus on P+1 (QUIC on P+2), because peers must be
 * given the port that is really open on the machine.
 */
export function placeOf(spec: NodeSpec, role: 'el' | 'cl', { defaultVersion, ports: usual }: PlaceOf): Place {
  const network = findNetwork(spec.network);
  return {
    network: spec.network,
    version: spec.clients[role]?.version ?? defaultVersion,
    development: network?.development === true,
    archive: spec.nodeType === 'archive',
    dataDir: `/data/${role}`,
    ...portsOf(spec.p2p?.port, role, usual),
    advertise: spec.p2p?.advertiseAddress,
    checkpointUrl: spec.checkpoint?.url ?? network?.checkpointUrl,
  };
}

function portsOf(base: number | undefined, role: 'el' | 'cl', usual: UsualPorts): Pick<Place, 'p2pPort' | 'quicPort'> {
  if (base === undefined) return { p2pPort: usual.p2p, quicPort: usual.quic ?? usual.p2p + 1 };
  const p2pPort = role === 'el' ? base : base + 1;
  return { p2pPort, quicPort: p2pPort + 1 };
}

/** The volume of a role: its own if spec.storage has one of that name, else a folder of the shared `data`. */
export function dataMount(spec: NodeSpec, role: 'el' | 'cl'): Mount {
  const path = `/data/${role}`;
  return spec.storage[role] === undefined
    ? { kind: 'storage', name: 'data', path, subPath: role }
    : { kind: 'storage', name: role, path };
}
