// Fields that go into the pod unchanged: what the API server would refuse of them is an error in the file already.

import type { NodeSpec } from '../api/blockchain-node.ts';
import { checkImages } from './check-images.ts';
import { checkScheduling } from './check-scheduling.ts';
import { errorAt, type SpecProblem } from '../api/spec-problem.ts';
import type { Path } from '../lib/json-pointer.ts';
import { nearest } from '../lib/nearest.ts';
import { parseQuantity } from '../lib/quantity.ts';

/** Rules of https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/ and of names of ports and volumes */
export function checkPodFields(spec: NodeSpec): readonly SpecProblem[] {
  const roles = Object.entries(spec.resources ?? {}).map(([role, one]) => ({ path: ['spec', 'resources', role], one }));
  const sidecars = (spec.sidecars ?? []).flatMap(({ resources }, index) =>
    resources === undefined ? [] : [{ path: ['spec', 'sidecars', index, 'resources'], one: resources }],
  );
  return [
    ...checkImages(spec),
    ...checkScheduling(spec),
    ...checkSizes(spec),
    ...(spec.sidecars ?? []).flatMap((one, index) => checkSidecar(one, ['spec', 'sidecars', index])),
    ...[...roles, ...sidecars].flatMap(({ path, one }) => checkResources(one, path)),
  ];
}

function checkSizes({ storage }: NodeSpec): readonly SpecProblem[] {
  return Object.entries(storage).flatMap(([name, { size }]) =>
    parseQuantity(size) === 0
      ? [errorAt('InvalidStorage', ['spec', 'storage', name, 'size'], 'A volume of size 0 is refused. Enter its size.')]
      : [],
  );
}

type Sidecar = NonNullable<NodeSpec['sidecars']>[number];

/** https://www.rfc-editor.org/rfc/rfc6335#section-5.1: the names of ports. */
function checkSidecar({ ports = [], mounts = [] }: Sidecar, path: Path): readonly SpecProblem[] {
  const folders = mounts.map((mount) => mount.path);
  return [
    ...ports.flatMap(({ name }, index) =>
      /^(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/.test(name)
        ? []
        : [
            errorAt(
              'InvalidSidecar',
              [...path, 'ports', index, 'name'],
              'The name of a port has lower-case letters, digits and single "-", and at least one letter. Rename it.',
            ),
          ],
    ),
    ...folders.flatMap((folder, index) =>
      folders.indexOf(folder) === index
        ? []
        : [
            errorAt(
              'InvalidSidecar',
              [...path, 'mounts', index, 'path'],
              `Two volumes are mounted at ${folder}. Remove one.`,
            ),
          ],
    ),
  ];
}

interface Resources {
  readonly requests?: Readonly<Record<string, string>> | undefined;
  readonly limits?: Readonly<Record<string, string>> | undefined;
}

const RESOURCES = ['cpu', 'memory', 'ephemeral-storage'];

function checkResources({ requests = {}, limits = {} }: Resources, path: Path): SpecProblem[] {
  const lists = [
    { at: [...path, 'requests'], list: requests },
    { at: [...path, 'limits'], list: limits },
  ];
  return [
    ...lists.flatMap(({ at, list }) => Object.keys(list).flatMap((name) => checkResourceName(name, [...at, name]))),
    ...Object.keys(requests).flatMap((name) => checkRequest(name, { requests, limits }, [...path, 'requests', name])),
    ...checkHugePages({ requests, limits }, path),
  ];
}

/** Extended resources have a domain: `nvidia.com/gpu`. */
function checkResourceName(name: string, path: Path): SpecProblem[] {
  if (RESOURCES.includes(name) || /^hugepages-[0-9]+(Ki|Mi|Gi)$/.test(name)) return [];
  if (/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(name)) return [];
  const meant = nearest(name, RESOURCES);
  const advice = meant === undefined ? `Use ${RESOURCES.join(', ')} or a name with a domain.` : `Use "${meant}".`;
  return [errorAt('UnknownResource', path, `Kubernetes has no resource "${name}". ${advice}`)];
}

/** Such a resource needs a limit that equals the request. */
function cannotBeOvercommitted(name: string): boolean {
  return name.startsWith('hugepages-') || name.includes('/');
}

function checkRequest(name: string, { requests = {}, limits = {} }: Resources, path: Path): SpecProblem[] {
  const [request, limit] = [parseQuantity(requests[name] ?? ''), parseQuantity(limits[name] ?? '')];
  if (cannotBeOvercommitted(name) && request !== limit)
    return [
      errorAt(
        'InvalidResources',
        path,
        `The request of ${name} must equal its limit. Set the limit to ${requests[name]}.`,
      ),
    ];
  if (request === undefined || limit === undefined || request <= limit) return [];
  const message = `The request ${requests[name]} is larger than the limit ${limits[name]}. Lower it, or raise the limit.`;
  return [errorAt('InvalidResources', path, message)];
}

function checkHugePages({ requests = {}, limits = {} }: Resources, path: Path): SpecProblem[] {
  const names = [...Object.keys(requests), ...Object.keys(limits)];
  if (!names.some((name) => name.startsWith('hugepages-')) || names.includes('cpu') || names.includes('memory'))
    return [];
  return [
    errorAt('InvalidResources', [...path], 'Huge pages need a request or limit of cpu or memory beside them. Add one.'),
  ];
}
