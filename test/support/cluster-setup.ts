// Before the tests of a project that needs Kubernetes: use the cluster KUBECONFIG names, or bring up one to share.

import type { TestProject } from 'vitest/node';

import { otherKubernetes } from '../cluster/binaries.ts';
import { release, removeAbandoned, up } from '../cluster/cluster.ts';
import { kubeconfigPath } from '../cluster/state.ts';
import './cluster-context.ts';

/**
 * Vitest calls this once for each project; what it returns is called at the end. Tests of real pods kill processes and look
 * into volumes: they get a cluster of our own even when KUBECONFIG names one.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const existing = process.env['KUBECONFIG'] ?? '';
  if (existing !== '' && project.name === 'cluster') {
    project.provide('cluster', { kubeconfigPath: existing, mode: 'existing' });
    return async () => undefined;
  }
  await removeAbandoned();
  const mode = project.name === 'cluster' ? 'simulated' : 'pods';
  const state = await up({ name: nameOf(mode), mode, startedBy: 'tests' });
  project.provide('cluster', { name: state.name, kubeconfigPath: kubeconfigPath(state), mode });
  return () => release(state.name);
}

/** Clusters of two versions of Kubernetes may run at once. */
function nameOf(mode: 'pods' | 'simulated'): string {
  const version = otherKubernetes();
  if (version !== undefined && mode === 'pods')
    throw new Error('an older Kubernetes has no kubelet here: run the project cluster');
  if (version !== undefined) return `tests-${version.replace('.', '-')}`;
  return mode === 'pods' ? 'tests-pods' : 'tests';
}
