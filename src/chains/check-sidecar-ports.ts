// Checks that sidecars open no port that the node's own containers have: a pod has one set of ports.

import type { NodeSpec } from '../api/blockchain-node.ts';
import { errorAt, type SpecProblem } from '../api/spec-problem.ts';
import type { Workload } from './workload.ts';

export function checkSidecarPorts(
  spec: NodeSpec,
  { containers, initContainers }: Pick<Workload, 'containers' | 'initContainers'>,
): readonly SpecProblem[] {
  const sidecars = spec.sidecars ?? [];
  if (sidecars.length === 0) return [];
  const taken = containers.flatMap((container) => container.ports ?? []);
  const names = new Set(taken.map((port) => port.name));
  const numbers = new Set(taken.filter((port) => port.protocol !== 'UDP').map((port) => port.port));
  const containerNames = new Set(initContainers.map((container) => container.name));
  return sidecars.flatMap((sidecar, index) => {
    const path = ['spec', 'sidecars', index];
    const clash = containerNames.has(sidecar.name)
      ? [
          errorAt(
            'DuplicateName',
            [...path, 'name'],
            `A container "${sidecar.name}" exists already. Choose another name.`,
          ),
        ]
      : [];
    const ports = (sidecar.ports ?? []).flatMap(({ name, port }, at) => {
      if (!names.has(name) && !numbers.has(port)) {
        names.add(name);
        numbers.add(port);
        return [];
      }
      return [
        errorAt('DuplicatePort', [...path, 'ports', at], `Port ${name} (${port}) is taken in this pod. Use another.`),
      ];
    });
    return [...clash, ...ports];
  });
}
