// The checks that every chain needs: does the chain know this network, role, client, version, volume?

import type { NodeSpec } from '../api/blockchain-node.ts';
import { errorAt, errorAtKey, type SpecProblem, warningAt } from '../api/spec-problem.ts';
import { isHostName, isIpAddress } from './address.ts';
import type { ChainFacts, ClientInfo, Role } from './chain.ts';
import { didYouMean } from '../lib/nearest.ts';
import { checkOverrides } from './check-overrides.ts';
import { checkPlacement } from './check-placement.ts';
import { bareVersion, isOlder, wrongVersion } from './version.ts';
import { checkPodFields } from './check-pod-fields.ts';
import { checkSecrets } from './check-secrets.ts';

/** Everything wrong with a spec that the chain's lists alone show. Complete: nothing stops at the first. */
export function checkSpec(chain: ChainFacts, spec: NodeSpec): readonly SpecProblem[] {
  return [
    ...checkNetwork(chain, spec),
    ...checkNodeType(chain, spec),
    ...checkRoles(chain, spec),
    ...checkAddress(spec),
    ...checkPlacement(chain, spec),
    ...checkOverrides(chain, spec),
    ...checkPodFields(spec),
    ...checkSecrets(chain, spec),
  ];
}

function checkNetwork(chain: ChainFacts, spec: NodeSpec): readonly SpecProblem[] {
  const names = chain.networks.map((network) => network.name);
  const deprecated = chain.networks.find(({ name }) => name === spec.network)?.deprecated;
  if (deprecated !== undefined) return [warningAt('DeprecatedNetwork', ['spec', 'network'], deprecated)];
  if (chain.customNetworks || names.includes(spec.network)) return [];
  const advice = didYouMean(spec.network, names, `use one of: ${names.join(', ')}.`);
  const message = `${chain.title} has no network "${spec.network}"; ${advice}`;
  return [errorAt('UnknownNetwork', ['spec', 'network'], message)];
}

function checkNodeType(chain: ChainFacts, spec: NodeSpec): readonly SpecProblem[] {
  if (chain.nodeTypes.includes(spec.nodeType)) return [];
  const message = `${chain.title} cannot run as "${spec.nodeType}"; use one of: ${chain.nodeTypes.join(', ')}.`;
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
    const known = chain.roles.map((candidate) => candidate.name);
    const advice = didYouMean(roleName, known, `use: ${known.join(', ')}.`);
    return [errorAtKey('UnknownRole', path, `${chain.title} has no role "${roleName}"; ${advice}`)];
  }
  const client = role.clients.find((candidate) => candidate.name === spec.clients[roleName]?.name);
  if (client === undefined) {
    const name = spec.clients[roleName]?.name;
    const known = role.clients.map((one) => one.name);
    const message = `${role.title} "${name}" is not known; ${didYouMean(name, known, `use: ${listClients(role.clients)}.`)}`;
    return [errorAt('UnknownClient', [...path, 'name'], message)];
  }
  return [
    ...checkClientNetwork(chain, { client, spec, path }),
    ...checkClientType(role, client, spec),
    ...checkVersion(chain, spec, { role: roleName, client }),
  ];
}

interface Site {
  readonly client: ClientInfo;
  readonly spec: NodeSpec;
  readonly path: readonly string[];
}

/** Of a network that the chain does not have either, its own error says everything. */
function checkClientNetwork(chain: ChainFacts, { client, spec, path }: Site): readonly SpecProblem[] {
  if (client.networks === undefined || client.networks.includes(spec.network)) return [];
  if (!chain.customNetworks && !chain.networks.some(({ name }) => name === spec.network)) return [];
  const message = `${client.name} cannot join ${spec.network}. It knows: ${client.networks.join(', ')}.`;
  return [errorAt('UnsupportedNetwork', [...path, 'name'], message)];
}

function checkClientType(role: Role, client: ClientInfo, spec: NodeSpec): readonly SpecProblem[] {
  if (client.nodeTypes === undefined || client.nodeTypes.includes(spec.nodeType)) return [];
  const able = role.clients.filter(({ nodeTypes }) => nodeTypes?.includes(spec.nodeType) !== false);
  const message = `${client.name} cannot run as "${spec.nodeType}". Use nodeType ${client.nodeTypes.join(' or ')}, or one of: ${listClients(able)}.`;
  return [errorAt('UnsupportedNodeType', ['spec', 'nodeType'], message)];
}

/** Host names and addresses only: the value becomes part of configuration files and of lists. */
function checkAddress(spec: NodeSpec): readonly SpecProblem[] {
  const address = spec.p2p?.advertiseAddress;
  if (address === undefined || isHostName(address) || isIpAddress(address)) return [];
  const message = `${JSON.stringify(address)} is neither a host name nor an IP address. Write one, without port and brackets.`;
  return [errorAt('InvalidAddress', ['spec', 'p2p', 'advertiseAddress'], message)];
}

interface ChosenClient {
  readonly role: string;
  readonly client: ClientInfo;
}

function checkVersion(chain: ChainFacts, spec: NodeSpec, chosen: ChosenClient): readonly SpecProblem[] {
  const { version, image } = spec.clients[chosen.role] ?? {};
  const path = ['spec', 'clients', chosen.role, 'version'];
  if (version === undefined) return image === undefined ? [] : checkImage(chain, spec, chosen);
  const wrong = wrongVersion(version, chosen.client);
  if (wrong !== undefined) return [errorAt('InvalidVersion', path, wrong)];
  const fault = versionFault(chain, chosen.client, { network: spec.network, version });
  return fault === undefined ? [] : [errorAt(fault.code, path, fault.message)];
}

/** What an image contains is not known, so it is not refused. */
function checkImage(
  chain: ChainFacts,
  { network: networkName }: NodeSpec,
  { role, client: { name } }: ChosenClient,
): readonly SpecProblem[] {
  const path = ['spec', 'clients', role, 'version'];
  const forks = chain.networks.find((network) => network.name === networkName)?.forks ?? [];
  const fork = forks.findLast(({ versions }) => versions[name] !== undefined);
  if (fork === undefined) return [];
  const message = `The version of ${name} in this image is not known; ${fork.name}, the upgrade of ${networkName} at ${fork.at}, needs ${fork.versions[name]} or newer. Set version to the one that the image contains.`;
  return [warningAt('UnknownVersion', path, message)];
}

/** Why a version of a client must not run on a network; undefined when nothing is known against it. */
export function versionFault(
  chain: Pick<ChainFacts, 'networks'>,
  client: ClientInfo,
  { network, version }: { readonly network: string; readonly version: string },
): { readonly code: 'VersionTooOld' | 'BrokenVersion'; readonly message: string } | undefined {
  const broken = client.brokenVersions?.find(
    (one) => one.version === bareVersion(version) && one.networks?.includes(network) !== false,
  );
  if (broken !== undefined) {
    const message = `${client.name} ${version} must not run on ${network}: ${broken.why} Use ${client.defaultVersion}.`;
    return { code: 'BrokenVersion', message };
  }
  const forks = chain.networks.find(({ name }) => name === network)?.forks ?? [];
  const fork = forks.findLast(({ versions }) => isOlder(version, versions[client.name] ?? ''));
  if (fork !== undefined) {
    const message = `${client.name} ${version} is not known to support ${fork.name}, the upgrade of ${network} at ${fork.at}. Use ${fork.versions[client.name]} or newer.`;
    return { code: 'VersionTooOld', message };
  }
  const minimum = client.minimumVersions?.[network];
  if (minimum === undefined || !isOlder(version, minimum)) return undefined;
  const message = `${client.name} ${version} is too old for ${network}. Use ${minimum} or newer.`;
  return { code: 'VersionTooOld', message };
}

function listClients(clients: readonly ClientInfo[]): string {
  return clients.map((client) => client.name).join(', ');
}
