// Checks volumes, capacity, sidecars and exposure.

import type { NodeSpec } from '../api/blockchain-node.ts';
import { errorAt, errorAtKey, type SpecProblem } from '../api/spec-problem.ts';
import { didYouMean, nearest } from '../lib/nearest.ts';
import { parseQuantity } from '../lib/quantity.ts';
import type { ChainFacts } from './chain.ts';

/** Volumes that are missing or too small, sidecars that collide, ports that can't be opened. */
export function checkPlacement(chain: ChainFacts, spec: NodeSpec): readonly SpecProblem[] {
  return [...checkVolumes(spec), ...checkCapacity(chain, spec), ...checkSidecars(spec), ...checkExposure(spec)];
}

function checkVolumes(spec: NodeSpec): readonly SpecProblem[] {
  const roles = Object.keys(spec.clients);
  return [...checkNames(spec, roles), ...checkSizes(spec)];
}

function checkNames(spec: NodeSpec, roles: readonly string[]): readonly SpecProblem[] {
  const complete = spec.storage['data'] !== undefined || roles.every((role) => spec.storage[role] !== undefined);
  if (complete) return [];
  const near = Object.keys(spec.storage).find((name) => nearest(name, ['data', ...roles]) !== undefined);
  if (near !== undefined) {
    const advice = didYouMean(near, ['data', ...roles], '');
    return [errorAtKey('MissingStorage', ['spec', 'storage', near], `no volume of this name is used; ${advice}`)];
  }
  const message = `No volume for the data. Add storage.data with a size, or one volume per role: ${roles.join(', ')}.`;
  return [errorAt('MissingStorage', ['spec', 'storage'], message)];
}

/** Smaller ones hold no file system: https://man7.org/linux/man-pages/man8/mkfs.xfs.8.html needs 300 MiB, ext4 some hundred KiB. */
const SMALLEST = 2 ** 20;
/** Kubernetes silently lowers what is above it. */
const LARGEST = 2 ** 63;

function checkSizes({ storage }: NodeSpec): readonly SpecProblem[] {
  return Object.entries(storage).flatMap(([name, { size }]) => {
    const bytes = parseQuantity(size) ?? SMALLEST;
    const path = ['spec', 'storage', name, 'size'];
    if (bytes >= LARGEST)
      return [errorAt('InvalidValue', path, `${size} is more than a volume can have; write less than 8Ei.`)];
    if (bytes >= SMALLEST) return [];
    const meant = /^[0-9.]+$/.test(size) && bytes > 0 ? `; did you mean "${size}Gi"?` : '; write at least 1Mi.';
    return [errorAt('InvalidValue', path, `${size} stands for ${bytes} bytes, too few for a volume${meant}`)];
  });
}

function checkCapacity(chain: ChainFacts, spec: NodeSpec): readonly SpecProblem[] {
  const defaults = chain.networks.find((network) => network.name === spec.network)?.defaults;
  if (defaults === undefined) return [];
  const stored = sum(Object.values(spec.storage).map((volume) => volume.size));
  const memory = sum(
    Object.values(spec.resources ?? {}).map((one) => one.limits?.['memory'] ?? one.requests?.['memory']),
  );
  return [
    ...shortage({ what: 'storage', path: ['spec', 'storage'], given: stored, needed: defaults.storage, spec }),
    ...shortage({ what: 'memory', path: ['spec', 'resources'], given: memory, needed: defaults.memory, spec }),
  ];
}

interface Amount {
  readonly what: string;
  readonly path: readonly string[];
  readonly given: number | undefined;
  readonly needed: string;
  readonly spec: NodeSpec;
}

function shortage({ what, path, given, needed, spec }: Amount): readonly SpecProblem[] {
  const minimum = parseQuantity(needed);
  if (given === undefined || minimum === undefined || given >= minimum) return [];
  const message = `Less ${what} than a node of ${spec.chain} ${spec.network} is known to need (${needed}). It may not sync.`;
  return [{ level: 'warning', code: 'LowCapacity', path, message }];
}

/** The sum of quantities, or undefined when one is not said. */
function sum(quantities: readonly (string | undefined)[]): number | undefined {
  if (quantities.length === 0) return undefined;
  const numbers = quantities.map((text) => (text === undefined ? undefined : parseQuantity(text)));
  return numbers.every((value) => value !== undefined) ? numbers.reduce((a, b) => a + b, 0) : undefined;
}

function checkSidecars(spec: NodeSpec): readonly SpecProblem[] {
  const sidecars = spec.sidecars ?? [];
  const roles = Object.keys(spec.clients);
  return sidecars.flatMap((sidecar, index) => {
    const path = ['spec', 'sidecars', index];
    const earlier = sidecars.slice(0, index).map((one) => one.name);
    const taken = [...roles, ...earlier].includes(sidecar.name);
    const mounts = (sidecar.mounts ?? []).flatMap((mount, at) =>
      spec.storage[mount.storage] === undefined
        ? [
            errorAt(
              'UnknownStorage',
              [...path, 'mounts', at, 'storage'],
              `There is no storage.${mount.storage}. Add it or mount another.`,
            ),
          ]
        : [],
    );
    if (!taken) return mounts;
    return [
      errorAt('DuplicateName', [...path, 'name'], `A container "${sidecar.name}" exists already. Choose another name.`),
      ...mounts,
    ];
  });
}

function checkExposure(spec: NodeSpec): readonly SpecProblem[] {
  const port = spec.p2p?.port;
  const path = ['spec', 'p2p', 'port'];
  if (port === undefined) return [];
  if (port < 1024 || port > 65_000) {
    return [
      errorAt(
        'InvalidPort',
        path,
        `Port ${port} can't be used without privileges or leaves no room. Use 1024 to 65000.`,
      ),
    ];
  }
  if (spec.serviceType !== 'NodePort' || (port >= 30_000 && port <= 32_760)) return [];
  return [
    errorAt('InvalidPort', path, `With serviceType NodePort the port is opened on every machine. Use 30000 to 32760.`),
  ];
}
