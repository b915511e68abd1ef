// The checks that every chain needs: does the chain know this network, role, client, version, volume?

import type { NodeSpec } from '../api/blockchain-node.ts';
import { errorAt, type SpecProblem } from '../api/spec-problem.ts';
import type { ClientInfo } from './chain.ts';
import { checkOverrides } from './check-overrides.ts';
import { checkPlacement } from './check-placement.ts';
import type { ChainFacts } from './chain.ts';
import { isOlder } from './version.ts';

/** Everything wrong with a spec that can be told from the chain's lists alone. Complete: nothing stops at the first. */
export function checkSpec(chain: ChainFacts, spec: NodeSpec): readonly SpecProblem[] {
  return [
    ...checkNetwork(chain, spec),
    ...checkNodeType(chain, spec),
    ...checkRoles(chain, spec),
    ...checkPlacement(chain, spec),
    ...checkOverrides(chain, spec),
  ];
}

function checkNetwork(chain: ChainFacts, spec: NodeSpec): readonly SpecProblem[] {
  const names = chain.networks.map((network) => network.name);
  if (chain.customNetworks || names.includes(spec.network)) return [];
  const message = `${chain.title} has no network "${spec.network}". Use one of: ${names.join(', ')}.`;
  return [errorAt('UnknownNetwork', ['spec', 'network'], message)];
}

function checkNodeType(chain: ChainFacts, spec: NodeSpec): readonly SpecProblem[] {
  if (chain.nodeTypes.includes(spec.nodeType)) return [];
  const message = `${chain.title} can't run as "${spec.nodeType}". Use one of: ${chain.nodeTypes.join(', ')}.`;
  return [errorAt('UnsupportedNodeType', ['spec', 'nodeType'], message)];
}

function checkRoles(chain: ChainFacts, spec: NodeSpec): readonly SpecProblem[] {
  const missing = chain.roles
    .filter((role) => role.required && spec.clients[role.name] === undefined)
    .map((role) => {
      const message = `${role.title} is missing. Add clients.${role.name} with a name: ${listClients(role.clients)}.`;
      return errorAt('MissingRole', ['spec', 'clients', role.name], message);
    });
  const given = Object.keys(spec.clients).flatMap((role) => checkClient(chain, spec, role));
  return [...missing, ...given];
}

function checkClient(chain: ChainFacts, spec: NodeSpec, roleName: string): readonly SpecProblem[] {
  const path = ['spec', 'clients', roleName];
  const role = chain.roles.find((candidate) => candidate.name === roleName);
  if (role === undefined) {
    const known = chain.roles.map((candidate) => candidate.name).join(', ');
    return [errorAt('UnknownRole', path, `${chain.title} has no role "${roleName}". Use: ${known}.`)];
  }
  const client = role.clients.find((candidate) => candidate.name === spec.clients[roleName]?.name);
  if (client === undefined) {
    const message = `${role.title} "${spec.clients[roleName]?.name}" is not known. Use: ${listClients(role.clients)}.`;
    return [errorAt('UnknownClient', [...path, 'name'], message)];
  }
  return [...checkClientNetwork(client, spec, path), ...checkVersion(client, spec, roleName)];
}

function checkClientNetwork(client: ClientInfo, spec: NodeSpec, path: readonly string[]): readonly SpecProblem[] {
  if (client.networks === undefined || client.networks.includes(spec.network)) return [];
  const message = `${client.name} can't join ${spec.network}. It knows: ${client.networks.join(', ')}.`;
  return [errorAt('UnsupportedNetwork', [...path, 'name'], message)];
}

function checkVersion(client: ClientInfo, spec: NodeSpec, roleName: string): readonly SpecProblem[] {
  const version = spec.clients[roleName]?.version;
  if (version === undefined) return [];
  const path = ['spec', 'clients', roleName, 'version'];
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}$/.test(version)) {
    return [errorAt('InvalidVersion', path, `"${version}" can't be an image tag. Use letters, digits, ".", "_", "-".`)];
  }
  const minimum = client.minimumVersions?.[spec.network];
  if (minimum === undefined || !isOlder(version, minimum)) return [];
  const message = `${client.name} ${version} is too old for ${spec.network}. Use ${minimum} or newer.`;
  return [errorAt('VersionTooOld', path, message)];
}

function listClients(clients: readonly ClientInfo[]): string {
  return clients.map((client) => client.name).join(', ');
}
