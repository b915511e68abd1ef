// The metrics as Prometheus reads them.

import { describe, expect, it } from 'vitest';

import type { NodeSample } from '../../src/lib/telemetry.ts';
import { createMetrics } from '../../src/web/metrics.ts';

let now = 1_000_000;
const make = () => createMetrics({ version: '0.1.0', now: () => now, runtime: false });

const sample: NodeSample = {
  namespace: 'ns', name: 'eth-0', chain: 'ethereum', network: 'hoodi', phase: 'Running', ready: true, synced: true, dataAtRisk: false,
  roles: [{ role: 'el', height: 12, target: 13, peers: 5, headTime: 990, restarts: 0 }, { role: 'cl' }],
}; // prettier-ignore

const lines = async (metrics: ReturnType<typeof make>, part: string): Promise<string[]> =>
  (await metrics.text()).split('\n').filter((line) => line.includes(part) && !line.startsWith('#'));

describe('createMetrics', () => {
  it('counts passes, exchanges, requests, actions, problems, commits', async () => {
    const metrics = make();
    const { telemetry } = metrics;
    telemetry.passed('sync', 'success', 0.3);
    telemetry.passed('sync', 'error', 0.1);
    telemetry.queue('node', { depth: 4, waitingSince: undefined });
    telemetry.gitOperation('fetch', 'success', 1.2);
    telemetry.kubeRequest({ verb: 'PATCH', kind: 'StatefulSet', code: 200 });
    telemetry.planned({ create: 1, update: 2, delete: 3, held: 3 });
    telemetry.problems({ errors: 1, warnings: 0 });
    telemetry.statusCommitted();
    telemetry.statusPushFailing(true);
    telemetry.leading(true);
    const text = await metrics.text();
    for (const line of [
      'nodewright_reconcile_total{loop="sync",result="success"} 1',
      'nodewright_reconcile_total{loop="sync",result="error"} 1',
      'nodewright_reconcile_duration_seconds_count{loop="sync"} 2',
      'nodewright_queue_depth{loop="node"} 4',
      'nodewright_git_operations_total{operation="fetch",result="success"} 1',
      'nodewright_git_operation_duration_seconds_sum{operation="fetch"} 1.2',
      'nodewright_kube_requests_total{verb="PATCH",kind="StatefulSet",code="200"} 1',
      'nodewright_plan_actions{do="delete"} 3',
      'nodewright_held_actions 3',
      'nodewright_problems{level="error"} 1',
      'nodewright_status_commits_total 1',
      'nodewright_status_push_failing 1',
      'nodewright_leader 1',
    ])
      expect(text.split('\n')).toContain(line);
  });

  it('counts from the oldest waiting key, and not from the last success of an idle loop', async () => {
    const metrics = make();
    now = 1_000_000;
    metrics.telemetry.passed('sync', 'success', 1);
    now = 1_090_000;
    metrics.telemetry.passed('sync', 'error', 1);
    metrics.telemetry.queue('sync', { depth: 1, waitingSince: 1_000_000 });
    metrics.telemetry.queue('nodes', { depth: 0, waitingSince: undefined });
    expect(await lines(metrics, 'seconds_since_last_success')).toEqual([
      'nodewright_seconds_since_last_success{loop="sync"} 90',
      'nodewright_seconds_since_last_success{loop="nodes"} 0',
    ]);
    expect(await lines(metrics, 'last_success_timestamp')).toEqual([
      'nodewright_last_success_timestamp_seconds{loop="sync"} 1000',
    ]);
  });

  it('shows the job records, and no series of jobs that are no longer reported', async () => {
    const metrics = make();
    const backup = { kind: 'Backup', namespace: 'ns', node: 'eth-0' };
    metrics.telemetry.jobs({
      counts: [{ kind: 'Backup', phase: 'Complete', count: 3 }, { kind: 'Restore', phase: 'Held', count: 1 }],
      pausedNodes: 2,
      ends: [{ ...backup, success: 1000, failure: 900 }, { ...backup, kind: 'Restore', failure: 950 }],
    }); // prettier-ignore
    expect(await lines(metrics, 'nodewright_job')).toEqual([
      'nodewright_jobs{kind="Backup",phase="Complete"} 3',
      'nodewright_jobs{kind="Restore",phase="Held"} 1',
      'nodewright_job_paused_nodes 2',
      'nodewright_job_last_success_timestamp_seconds{kind="Backup",namespace="ns",node="eth-0"} 1000',
      'nodewright_job_last_failure_timestamp_seconds{kind="Backup",namespace="ns",node="eth-0"} 900',
      'nodewright_job_last_failure_timestamp_seconds{kind="Restore",namespace="ns",node="eth-0"} 950',
    ]);
    metrics.telemetry.jobs({ counts: [], pausedNodes: 0, ends: [] });
    expect(await lines(metrics, 'nodewright_job')).toEqual(['nodewright_job_paused_nodes 0']);
  });

  it('shows a node, and its head age grows without new samples', async () => {
    now = 1_000_000;
    const metrics = make();
    metrics.telemetry.node(sample);
    expect(await lines(metrics, 'eth-0')).toEqual([
      'nodewright_node_info{namespace="ns",name="eth-0",chain="ethereum",network="hoodi",phase="Running"} 1',
      'nodewright_node_ready{namespace="ns",name="eth-0"} 1',
      'nodewright_node_synced{namespace="ns",name="eth-0"} 1',
      'nodewright_node_data_at_risk{namespace="ns",name="eth-0"} 0',
      'nodewright_node_height{namespace="ns",name="eth-0",role="el"} 12',
      'nodewright_node_target_height{namespace="ns",name="eth-0",role="el"} 13',
      'nodewright_node_peers{namespace="ns",name="eth-0",role="el"} 5',
      'nodewright_node_head_age_seconds{namespace="ns",name="eth-0",role="el"} 10',
      'nodewright_node_restarts{namespace="ns",name="eth-0",role="el"} 0',
    ]);
    now += 5_000;
    expect(await lines(metrics, 'head_age')).toEqual([
      'nodewright_node_head_age_seconds{namespace="ns",name="eth-0",role="el"} 15',
    ]);
  });

  it('shows when nodes were asked and when Git last answered, as times', async () => {
    now = 2_000_000;
    const metrics = make();
    metrics.telemetry.observed([{ key: 'ns/eth-0', at: 1_500_000 }]);
    metrics.telemetry.gitOperation('ls-refs', 'success', 1);
    now = 2_090_000;
    metrics.telemetry.gitOperation('ls-refs', 'error', 1);
    expect(await lines(metrics, 'observed_timestamp')).toEqual([
      'nodewright_node_observed_timestamp_seconds{namespace="ns",name="eth-0"} 1500',
    ]);
    expect(await lines(metrics, 'git_last_success')).toEqual([
      'nodewright_git_last_success_timestamp_seconds{operation="ls-refs"} 2000',
    ]);
    metrics.telemetry.observed([]);
    expect(await lines(metrics, 'observed_timestamp')).toEqual([]);
  });

  it('has one info series per node, also after its phase changed', async () => {
    const metrics = make();
    metrics.telemetry.node(sample);
    metrics.telemetry.node({ ...sample, phase: 'Error', ready: false, synced: false, roles: [] });
    expect(await lines(metrics, 'node_info')).toEqual([
      'nodewright_node_info{namespace="ns",name="eth-0",chain="ethereum",network="hoodi",phase="Error"} 1',
    ]);
    expect(await lines(metrics, 'node_height')).toEqual([]);
  });

  it('removes the series of a deleted node', async () => {
    const metrics = make();
    metrics.telemetry.node(sample);
    metrics.telemetry.node({ ...sample, name: 'eth-1' });
    await metrics.text();
    metrics.telemetry.forgetNode('ns', 'eth-0');
    expect(await lines(metrics, 'eth-0')).toEqual([]);
    expect((await lines(metrics, 'eth-1')).length).toBeGreaterThan(0);
  });

  it('keeps two registries separate', async () => {
    const [one, two] = [make(), make()];
    one.telemetry.statusCommitted();
    expect(await lines(two, 'status_commits')).toEqual(['nodewright_status_commits_total 0']);
  });

  it('has the metrics of the process by default', async () => {
    const metrics = createMetrics({ version: 'x', now: () => now });
    expect(await metrics.text()).toContain('process_cpu_seconds_total');
  });
});
