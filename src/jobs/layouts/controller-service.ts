// How a CITA-Cloud node says its height: by its microservice `controller`, over gRPC.

import type { KubeObject } from '../../api/objects.ts';
import { uint64At } from '../../lib/protobuf.ts';
import { textAt, valueAt } from '../../lib/json-value.ts';

/**
 * `GetBlockNumber(Flag) returns (BlockNumber)` of protos/controller.proto in cita_cloud_proto, unchanged from 2020 to
 * 6.7.3. The flag asks for a pending block; an empty message says false: the latest one.
 */
export const GET_BLOCK_NUMBER = { path: '/controller.RPCService/GetBlockNumber', message: new Uint8Array() };

/** The `controller_port` that the controller's own configuration defaults to. */
const DEFAULT_PORT = 50_004;

/**
 * The port `grpc` of the pod's container `controller`: cloud-config since 6.4 (update_yaml.rs), the Python tool
 * (cita_cloud_operator.py) and the chart (statefulset.yaml) all declare it so, and point their Services and probes there.
 */
export function controllerPort(pod: KubeObject): number {
  const port = namedIn(valueAt(namedIn(valueAt(pod, ['spec', 'containers']), 'controller'), ['ports']), 'grpc');
  const number = valueAt(port, ['containerPort']);
  return typeof number === 'number' ? number : DEFAULT_PORT;
}

/** `BlockNumber.block_number`, field 1; undefined when the message is none. */
export function blockNumberIn(message: Uint8Array): number | undefined {
  return uint64At(message, 1);
}

function namedIn(list: unknown, name: string): unknown {
  return Array.isArray(list) ? list.find((one) => textAt(one, ['name']) === name) : undefined;
}
