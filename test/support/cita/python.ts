// What the Python generator of 2021 makes of a chain: a Deployment a node, all on one claim.

import type { KubeObject } from '../../../src/api/objects.ts';
import { rpcService, sharedClaim, sharedPod } from './shared-claim.ts';

/** The claim `<chain>-pvc`, and Deployment and Service of each node, which are named `<chain>-<number>`. */
export function pythonChain(chain: string, nodes: readonly string[]): readonly KubeObject[] {
  const claim = `${chain}-pvc`;
  return [sharedClaim(claim), ...nodes.flatMap((node) => pythonNode(chain, node, claim))];
}

function pythonNode(chain: string, node: string, claim: string): readonly KubeObject[] {
  return [
    rpcService(node, { node_name: node }),
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: node, labels: { node_name: node, chain_name: chain } },
      spec: {
        replicas: 1,
        selector: { matchLabels: { node_name: node } },
        template: {
          metadata: { labels: { node_name: node, chain_name: chain } },
          spec: { shareProcessNamespace: true, ...sharedPod({ claim, mount: { subPath: node } }) },
        },
      },
    },
  ];
}
