// Flags that several execution clients share.

import type { Flags } from '../flags.ts';
import { ENGINE_PORT, JWT_FILE, type Place } from './place.ts';

export const RPC = 8545;
export const WS = 8546;

export function http(vhosts?: string): Flags {
  const hosts = vhosts === undefined ? {} : { [vhosts]: '*' };
  return { http: '', 'http.addr': '0.0.0.0', 'http.port': String(RPC), ...hosts };
}

export function webSocket(): Flags {
  return { ws: '', 'ws.addr': '0.0.0.0', 'ws.port': String(WS), 'ws.origins': '*' };
}

/** The engine API listens inside the pod only; the token protects it from sidecars. */
export function engine(vhosts?: string): Flags {
  const hosts = vhosts === undefined ? {} : { [vhosts]: 'localhost' };
  return {
    'authrpc.addr': '127.0.0.1',
    'authrpc.port': String(ENGINE_PORT),
    ...hosts,
    'authrpc.jwtsecret': JWT_FILE,
  };
}

export function gethP2p(place: Place): Flags {
  return { port: String(place.p2pPort), 'discovery.port': String(place.p2pPort), ...nat(place) };
}

export function nat(place: Place): Flags {
  return place.advertise === undefined ? {} : { nat: `extip:${place.advertise}` };
}
