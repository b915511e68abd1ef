// Checks that no two settings give the node's own containers one port: a pod has one set of ports.

import type { NodeSpec } from '../api/blockchain-node.ts';
import { errorAt, type SpecProblem } from '../api/spec-problem.ts';
import type { Path } from '../lib/json-pointer.ts';
import type { Workload } from './workload.ts';

export function checkPorts(spec: NodeSpec, { containers }: Pick<Workload, 'containers'>): readonly SpecProblem[] {
  const ports = containers.flatMap((container) => container.ports ?? []);
  return ports.flatMap((port, index) => {
    const isSame = (other: typeof port): boolean =>
      other.port === port.port && (other.protocol ?? 'TCP') === (port.protocol ?? 'TCP');
    const first = ports.slice(0, index).find(isSame);
    if (first === undefined) return [];
    const message = `Port ${port.port} is that of ${first.name} and of ${port.name}. Use another for one of them.`;
    return [errorAt('DuplicatePort', pathTo(spec, port.port, ['spec']) ?? ['spec'], message)];
  });
}

/** Where the spec has the number. */
function pathTo(value: unknown, number: number, path: Path): Path | undefined {
  if (value === number) return path;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, one] of Object.entries(value)) {
    const found = pathTo(one, number, [...path, Array.isArray(value) ? Number(name) : name]);
    if (found !== undefined) return found;
  }
  return undefined;
}
