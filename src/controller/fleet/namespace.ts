// The namespace that nodes live in by default: created when it is missing, with Pod Security `restricted`.

import { LABEL } from '../../api/group.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { codeOf } from '../../lib/errors.ts';

/**
 * A namespace that exists is left as it is. A controller that may not read namespaces continues: then an administrator
 * creates them.
 */
export async function ensureNamespace(cluster: Cluster, name: string): Promise<void> {
  const enforce = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  const object = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { ...enforce, [LABEL.managedBy]: 'nodewright' } },
  };
  try {
    if ((await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name })) === undefined) await cluster.create(object);
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'FORBIDDEN' && code !== 'ALREADY_EXISTS') throw error;
  }
}
