// Nodes that are no longer asked are found, reported and asked again.

import { expect, it } from 'vitest';

import { createObservations } from '../../src/controller/node/observations.ts';
import { createObservationCheck } from '../../src/controller/node/stopped-observations.ts';
import { noTelemetry } from '../support/no-telemetry.ts';
import { aNode } from '../support/plan-scene.ts';

const NODE = aNode('a');
const KEY = `${NODE.metadata.namespace}/a`;
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a-0' },
  status: { phase: 'Running', podIP: '10.0.0.1' },
};

function given() {
  const seen: { at: number; pods: readonly (typeof POD)[]; times: unknown; stopped: string[]; warned: number } = {
    at: 1_000_000,
    pods: [POD],
    times: undefined,
    stopped: [],
    warned: 0,
  };
  const observations = createObservations();
  const check = createObservationCheck({
    observations,
    watches: { nodes: { list: () => [NODE] }, owned: () => seen.pods } as never,
    settings: { executor: NODE.spec.executor ?? '', observeIntervalMs: 10_000 } as never,
    runtime: {
      now: () => seen.at,
      log: { warn: () => void seen.warned++ },
      telemetry: { ...noTelemetry, observed: (times: unknown) => void (seen.times = times) },
    } as never,
    notify: (_name, notice) => void seen.stopped.push(...('nodeKeys' in notice ? notice.nodeKeys : [])),
  });
  return { seen, observations, check };
}

it('reports when a node was asked last, and leaves it alone while that is recent', () => {
  const { seen, observations, check } = given();
  observations.setFacts(KEY, new Map(), seen.at);
  seen.at += 60_000;
  check();
  expect(seen).toMatchObject({ times: [{ key: KEY, at: 1_000_000 }], stopped: [], warned: 0 });
});

it('asks a running node again that was not asked for minutes, also one that was never asked', () => {
  const { seen, observations, check } = given();
  check();
  seen.at += 121_000;
  check();
  expect(seen).toMatchObject({ times: [{ key: KEY, at: 1_000_000 }], stopped: [KEY], warned: 1 });
  observations.setFacts(KEY, new Map(), seen.at);
  seen.at += 121_000;
  check();
  expect(seen).toMatchObject({ times: [{ key: KEY, at: 1_121_000 }], stopped: [KEY, KEY] });
});

it('expects nothing of a node without a running pod', () => {
  const { seen, check } = given();
  check();
  seen.pods = [];
  seen.at += 500_000;
  check();
  expect(seen).toMatchObject({ times: [], stopped: [] });
  seen.pods = [POD];
  check();
  expect(seen).toMatchObject({ times: [{ key: KEY, at: seen.at }], stopped: [] });
});
