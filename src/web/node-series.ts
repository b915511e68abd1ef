// The series of every node; a deleted node leaves none.

import type { Registry } from 'prom-client';

import type { NodeSample, Telemetry } from '../lib/telemetry.ts';
import { defineSeries } from './series.ts';

const NODE = ['namespace', 'name'] as const;
const ROLE = ['namespace', 'name', 'role'] as const;

/** The part of Telemetry about nodes. The samples are stored and become series when Prometheus scrapes. */
export function createNodeSeries(
  registry: Registry,
  now: () => number,
): Pick<Telemetry, 'node' | 'observed' | 'forgetNode'> {
  const samples = new Map<string, NodeSample>();
  let times: Parameters<Telemetry['observed']>[0] = [];
  defineSeries(registry, {
    name: 'node_observed_timestamp_seconds',
    help: 'Time at which the clients of a node with a running pod were asked last, or since when it waits for that.',
    labelNames: NODE,
    read: () =>
      times.map(({ key, at }) => {
        const [namespace = '', name = ''] = key.split('/');
        return { labels: { namespace, name }, value: at / 1000 };
      }),
  });
  nodeGauges(registry, samples);
  roleGauges(registry, samples, now);
  return {
    observed: (next) => void (times = next),
    node: (sample) => void samples.set(`${sample.namespace}/${sample.name}`, sample),
    forgetNode: (namespace, name) => void samples.delete(`${namespace}/${name}`),
  };
}

type Samples = ReadonlyMap<string, NodeSample>;

function nodeGauges(registry: Registry, samples: Samples): void {
  defineSeries(registry, {
    name: 'node_info',
    help: 'Constant 1; chain, network and phase are in the labels.',
    labelNames: [...NODE, 'chain', 'network', 'phase'],
    read: () =>
      [...samples.values()].map(({ namespace, name, chain, network, phase }) => ({
        labels: { namespace, name, chain, network, phase },
        value: 1,
      })),
  });
  for (const [field, name, help] of [
    ['ready', 'node_ready', '1 when the condition Ready is True.'],
    ['synced', 'node_synced', '1 when every role is at the tip.'],
    [
      'dataAtRisk',
      'node_data_at_risk',
      '1 when a volume is being deleted or was lost, or the height fell without a job.',
    ],
  ] as const) {
    defineSeries(registry, {
      name,
      help,
      labelNames: NODE,
      read: () =>
        [...samples.values()].map((sample) => ({
          labels: { namespace: sample.namespace, name: sample.name },
          value: sample[field] ? 1 : 0,
        })),
    });
  }
}

function roleGauges(registry: Registry, samples: Samples, now: () => number): void {
  const figures = {
    node_height: ['Height of the newest block.', (role) => role.height],
    node_target_height: ['Best height that the client knows.', (role) => role.target],
    node_peers: ['Connected peers.', (role) => role.peers],
    node_head_age_seconds: [
      'Age of the newest block.',
      (role) => (role.headTime === undefined ? undefined : Math.max(0, now() / 1000 - role.headTime)),
    ],
    node_restarts: ['Restarts of the container, as counted by Kubernetes.', (role) => role.restarts],
  } satisfies Record<string, [string, (role: NodeSample['roles'][number]) => number | undefined]>;
  for (const [name, [help, figure]] of Object.entries(figures)) {
    defineSeries(registry, {
      name,
      help,
      labelNames: ROLE,
      read: () =>
        [...samples.values()].flatMap((sample) =>
          sample.roles.flatMap((role) => {
            const value = figure(role);
            const labels = { namespace: sample.namespace, name: sample.name, role: role.role };
            return value === undefined ? [] : [{ labels, value }];
          }),
        ),
    });
  }
}
