// Services of a cluster with real pods: their names and their addresses, as CoreDNS and kube-proxy give them.
//
// kube-proxy itself takes the packet filter of a whole machine for one cluster: its chains have fixed names, and it removes
// those it does not know. Here several clusters run side by side and each leaves nothing behind.

import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import {
  CoreV1Api,
  DiscoveryV1Api,
  KubeConfig,
  type ObjectCache,
  type V1EndpointSlice,
  type V1Service,
} from '@kubernetes/client-node';

import { systemCodeOf, describeError } from '../../src/lib/errors.ts';
import { API_SERVICE_ADDRESS } from './certificates.ts';
import { serveNames } from './dns.ts';
import { follow } from './follow.ts';
import { forward, replaceForwards } from './network.ts';
import { startServer } from './processes.ts';
import { kubeconfigPath, type ClusterState } from './state.ts';
import { SetupError } from './setup-error.ts';

/** Ends every name of a Service; kubelets write it into the resolv.conf of pods. */
export const CLUSTER_DOMAIN = 'cluster.local';

const BRIDGED_PACKETS = '/proc/sys/net/bridge/bridge-nf-call-iptables';

/** Starts the server below for a cluster. */
export async function startServices(state: ClusterState): Promise<void> {
  requireBridgeFilter();
  const script = fileURLToPath(new URL('cli.ts', import.meta.url));
  const args = [script, 'serve-services', '--name', state.name];
  await startServer(state.directory, { name: 'services', program: process.execPath, args });
}

interface Seen {
  readonly services: ObjectCache<V1Service>;
  readonly slices: ObjectCache<V1EndpointSlice>;
}

/** Serves names and addresses until the process ends. */
export async function serveServices(state: ClusterState): Promise<never> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigPath(state));
  const core = config.makeApiClient(CoreV1Api);
  const discovery = config.makeApiClient(DiscoveryV1Api);
  let changed = true;
  const services = follow(config, '/api/v1/services', () => core.listServiceForAllNamespaces());
  const slices = follow(config, '/apis/discovery.k8s.io/v1/endpointslices', () =>
    discovery.listEndpointSliceForAllNamespaces(),
  );
  for (const followed of [services, slices]) followed.onChange(() => (changed = true));
  const seen: Seen = { services: services.cache, slices: slices.cache };
  await serveNames({ address: state.address, lookup: (name) => addressesOf(seen, name) });
  let forwards: readonly string[] = [];
  for (;;) {
    if (changed) {
      changed = false;
      try {
        const wanted = forwardsFor(state, seen);
        await replaceForwards(forwards, wanted);
        forwards = wanted;
      } catch (error) {
        changed = true;
        console.error(describeError(error));
      }
    }
    await wait(changed ? 1_000 : 50);
  }
}

/** Throws NO_BRIDGE_FILTER. Replies from pod to pod cross the bridge: only when the filter sees them there are they given back the Service's address. */
function requireBridgeFilter(): void {
  try {
    if (readFileSync(BRIDGED_PACKETS, 'utf8').trim() === '1') return;
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
  }
  throw new SetupError('NO_BRIDGE_FILTER', `${BRIDGED_PACKETS} is not 1: modprobe br_netfilter, and set it to 1`);
}

/** `<service>.<namespace>.svc.<domain>`, or a pod's name before it where the Service is headless. */
function addressesOf({ services, slices }: Seen, name: string): readonly string[] | undefined {
  const ending = `.svc.${CLUSTER_DOMAIN}`;
  if (!name.endsWith(ending)) return undefined;
  const [namespace = '', service = '', hostname, ...more] = name.slice(0, -ending.length).split('.').toReversed();
  const found = more.length === 0 ? services.get(service, namespace) : undefined;
  if (found === undefined) return undefined;
  const address = found.spec?.clusterIP;
  if (address !== undefined && address !== 'None') return hostname === undefined ? [address] : undefined;
  return headlessAddresses(endpointsOf(slices, found), hostname);
}

/** A headless Service without pods has no name, as in CoreDNS. */
function headlessAddresses(
  endpoints: readonly Endpoint[],
  hostname: string | undefined,
): readonly string[] | undefined {
  const named = endpoints.filter((one) => hostname === undefined || one.hostname === hostname);
  return named.length === 0 ? undefined : named.map((endpoint) => endpoint.address);
}

/** For each port of a Service with an address: to its first pod that is ready. */
function forwardsFor(state: ClusterState, { services, slices }: Seen): readonly string[] {
  return services.list().flatMap((service) => {
    const { clusterIP = 'None', ports = [] } = service.spec ?? {};
    if (clusterIP === 'None' || clusterIP === API_SERVICE_ADDRESS) return [];
    const [first] = endpointsOf(slices, service);
    if (first === undefined) return [];
    return ports.flatMap(({ name, port, protocol = 'TCP' }) => {
      const target = first.ports.get(name ?? '');
      return target === undefined
        ? []
        : [forward(state, { address: clusterIP, port, protocol }, `${first.address}:${target}`)];
    });
  });
}

interface Endpoint {
  readonly address: string;
  readonly hostname: string | undefined;
  /** Numbers by the names the Service gives them. */
  readonly ports: ReadonlyMap<string, number>;
}

function endpointsOf(slices: ObjectCache<V1EndpointSlice>, service: V1Service): readonly Endpoint[] {
  const { name, namespace } = service.metadata ?? {};
  return slices
    .list(namespace)
    .filter((slice) => slice.metadata?.labels?.['kubernetes.io/service-name'] === name)
    .flatMap((slice) => {
      const ports = new Map((slice.ports ?? []).map((port) => [port.name ?? '', port.port ?? 0]));
      return (slice.endpoints ?? [])
        .filter(({ conditions }) => conditions?.ready !== false)
        .map(({ addresses, hostname }) => ({ address: addresses[0] ?? '', hostname, ports }));
    });
}
