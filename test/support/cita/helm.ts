// What the chart cita-cloud-local-cluster 6.6 makes of a chain: one StatefulSet and one claim for all its nodes.

import type { KubeObject } from '../../../src/api/objects.ts';
import { rpcService, sharedClaim, sharedPod } from './shared-claim.ts';

/** The claim, the StatefulSet `<chain>` and a Service for each of its pods, which are the nodes. */
export function helmChain(chain: string, replicas: number): readonly KubeObject[] {
  const labels = { 'app.kubernetes.io/chain-name': chain, 'app.kubernetes.io/instance': chain };
  const claim = `${chain}-pvc`;
  const names = Array.from({ length: replicas }, (_, index) => `${chain}-${index}`);
  const podName = { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } };
  return [
    sharedClaim(claim),
    ...names.map((pod) => rpcService(pod, { ...labels, 'statefulset.kubernetes.io/pod-name': pod })),
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: chain, labels },
      spec: {
        replicas,
        podManagementPolicy: 'Parallel',
        serviceName: `${chain}-headless-service`,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: sharedPod({ claim, mount: { subPathExpr: '$(POD_NAME)' }, env: [podName] }),
        },
      },
    },
  ];
}
