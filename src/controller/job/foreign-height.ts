// Asks a node that another tool deployed for its height.

import type { KubeObject } from '../../api/objects.ts';
import { blockNumberIn, controllerPort, GET_BLOCK_NUMBER } from '../../jobs/layouts/controller-service.ts';
import type { ObservedHealth } from '../../jobs/model/observation.ts';
import { askGrpc } from '../../rpc/grpc.ts';
import { podAddress } from '../node/pod.ts';

/** Short, because the reconciliation of the job waits for it: the service reads a number that it holds in memory. */
const TIMEOUT_MS = 3000;
const MAX_BYTES = 1024;

/** `pods` are the node's own. Undefined when none of them runs, so that none can be asked. Never rejects. */
export async function askForeignHeight(
  pods: readonly KubeObject[],
  signal: AbortSignal,
): Promise<ObservedHealth | undefined> {
  const pod = pods.find((one) => podAddress([one]) !== undefined);
  const host = podAddress(pod === undefined ? [] : [pod]);
  if (pod === undefined || host === undefined) return undefined;
  const port = controllerPort(pod);
  const target = { host, signal, timeoutMs: TIMEOUT_MS };
  const reply = await askGrpc({ ...GET_BLOCK_NUMBER, port, maxBytes: MAX_BYTES }, target);
  if (!reply.ok) return { answering: false, trouble: `port ${port}: ${reply.message}` };
  const height = blockNumberIn(reply.message);
  return height === undefined
    ? { answering: false, trouble: `port ${port}: the reply is no block number` }
    : { answering: true, height };
}
