// The network of a cluster with real pods: one bridge that carries the node's address and all pods, and what leads to it.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { sha256 } from '../../src/lib/hash.ts';
import { machineName } from './cache.ts';
import { API_SERVICE_ADDRESS, SERVICE_RANGE } from './certificates.ts';
import { run, tryRun } from './command.ts';
import type { ClusterState, Network } from './state.ts';
import { SetupError } from './setup-error.ts';

const FORWARDING = '/proc/sys/net/ipv4/ip_forward';
const TABLES = ['nat', 'filter'] as const;

/** Addresses for a new cluster that no interface of this machine has. Throws NO_FREE_RANGE when all 50 are taken. */
export async function chooseNetwork(name: string): Promise<Network> {
  const taken = await run('ip', ['-4', 'addr', 'show']);
  const routes = await run('ip', ['-4', 'route', 'show']);
  for (let third = 200; third < 250; third++) {
    const prefix = `10.244.${third}.`;
    if (!taken.includes(prefix) && !routes.includes(prefix))
      return { bridge: bridgeName(name), address: `${prefix}1`, podRange: `${prefix}0/24` };
  }
  throw new SetupError('NO_FREE_RANGE', 'every range 10.244.200.0/24 to 10.244.249.0/24 is in use on this machine');
}

/** The bridge's name on this machine: readable when it fits into the 15 characters an interface may have. */
export function bridgeName(cluster: string): string {
  const plain = `nw-${machineName(cluster)}`;
  return plain.length <= 15 ? plain : `nw-${sha256(plain).slice(0, 12)}`;
}

/** What net.ipv4.ip_forward is now. */
export function forwardingNow(): string {
  return readFileSync(FORWARDING, 'utf8').trim();
}

/** Makes the bridge, the rules, and the configuration containerd hands to the CNI plugins. */
export async function startNetwork(state: ClusterState, network: Network): Promise<void> {
  await run('ip', ['link', 'add', network.bridge, 'address', hardwareAddress(network.address), 'type', 'bridge']);
  await run('ip', ['addr', 'add', `${network.address}/24`, 'dev', network.bridge]);
  await run('ip', ['link', 'set', network.bridge, 'up']);
  const comment = ['-m', 'comment', '--comment', ruleComment(state.name)];
  const target = `${network.address}:${state.ports.apiServer}`;
  const toService = ['-s', network.podRange, '-d', `${API_SERVICE_ADDRESS}/32`, '-p', 'tcp', '--dport', '443'];
  const rules = [
    // Pods reach the API server at the service address, as everywhere; services.ts adds what other Services need.
    ['-t', 'nat', '-A', 'PREROUTING', ...toService, ...comment, '-j', 'DNAT', '--to-destination', target],
    // A machine that drops forwarded packets by default must let pods of this bridge speak to each other.
    ['-t', 'filter', '-I', 'FORWARD', '-i', network.bridge, '-o', network.bridge, ...comment, '-j', 'ACCEPT'],
    // A Service without a pod refuses; without this rule its packets would leave the machine.
    ['-t', 'filter', '-I', 'FORWARD', '-s', network.podRange, '-d', SERVICE_RANGE, ...comment, '-j', 'REJECT'],
  ];
  for (const rule of rules) await run('iptables', ['-w', '10', ...rule]);
  writeCniConfiguration(state, network);
}

/**
 * Without one of its own a bridge has the lowest of its ports, and another one when that pod goes: then the other pods send
 * to an address that is gone, and for seconds reach neither names nor the API server.
 */
function hardwareAddress(address: string): string {
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return ['0a', '58', ...bytes].join(':');
}

/** The rule that leads pods of the cluster from a Service's address to a pod; removed with the cluster. */
export function forward(
  { name, network }: ClusterState,
  service: { readonly address: string; readonly port: number; readonly protocol: string },
  target: string,
): string {
  const protocol = service.protocol.toLowerCase();
  const from = `-s ${network?.podRange} -d ${service.address}/32 -p ${protocol} -m ${protocol} --dport ${service.port}`;
  return `PREROUTING ${from} -m comment --comment ${ruleComment(name)} -j DNAT --to-destination ${target}`;
}

/** Changes the rules of `forward` in one step; what is in both lists stays as it is. */
export async function replaceForwards(old: readonly string[], wanted: readonly string[]): Promise<void> {
  const added = wanted.filter((rule) => !old.includes(rule)).map((rule) => `-A ${rule}`);
  const removed = old.filter((rule) => !wanted.includes(rule)).map((rule) => `-D ${rule}`);
  if (added.length + removed.length > 0) await changeRules('nat', [...removed, ...added]);
}

/** Removes everything of this cluster, as far as it is there. Other clusters' rules stay. */
export async function stopNetwork(state: Pick<ClusterState, 'name' | 'forwarding'>): Promise<void> {
  for (const table of TABLES) await removeRules(table, state.name);
  await tryRun('ip', ['link', 'delete', bridgeName(state.name)]);
  // The bridge plugin switches forwarding on.
  if (state.forwarding !== undefined && forwardingNow() !== state.forwarding)
    writeFileSync(FORWARDING, state.forwarding);
}

/** What of this cluster's network is still on the machine: for `down` to prove itself. */
export async function networkLeftovers(name: string): Promise<readonly string[]> {
  const found: string[] = [];
  if ((await tryRun('ip', ['link', 'show', bridgeName(name)])) !== undefined) found.push(`bridge ${bridgeName(name)}`);
  for (const table of TABLES) found.push(...(await rulesOf(table, name)).map((rule) => `iptables ${table}: ${rule}`));
  return found;
}

async function removeRules(table: string, name: string): Promise<void> {
  const rules = (await rulesOf(table, name)).map((line) => line.replace(/^-A/, '-D'));
  if (rules.length > 0) await changeRules(table, rules);
}

/** All or nothing. */
async function changeRules(table: string, rules: readonly string[]): Promise<void> {
  const input = [`*${table}`, ...rules, 'COMMIT', ''].join('\n');
  await run('iptables-restore', ['--noflush', '-w', '10'], { input });
}

async function rulesOf(table: string, name: string): Promise<readonly string[]> {
  const saved = (await tryRun('iptables-save', ['-t', table])) ?? '';
  const comments = [`--comment ${ruleComment(name)} `, `--comment "${ruleComment(name)}" `];
  return saved.split('\n').filter((line) => line.startsWith('-A') && comments.some((text) => line.includes(text)));
}

function ruleComment(name: string): string {
  return `nodewright-cluster-${machineName(name)}`;
}

/** No masquerading: pods reach each other and this machine, and never a public chain network. */
function writeCniConfiguration(state: ClusterState, network: Network): void {
  const folder = join(state.directory, 'cni');
  mkdirSync(folder, { recursive: true });
  const configuration = {
    cniVersion: '0.4.0',
    name: network.bridge,
    plugins: [
      {
        type: 'bridge',
        bridge: network.bridge,
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: join(folder, 'addresses'),
          ranges: [[{ subnet: network.podRange, gateway: network.address }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
    ],
  };
  writeFileSync(join(folder, '10-bridge.conflist'), JSON.stringify(configuration, null, 2));
}
