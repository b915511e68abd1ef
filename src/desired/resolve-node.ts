// Resolves the document of one node into its BlockchainNode, or its problems.

import type { BlockchainNode, NodeSpec } from '../api/blockchain-node.ts';
import { DEFAULT_EXECUTOR } from '../api/fleet.ts';
import { messageWithPath, type SpecProblem } from '../api/spec-problem.ts';
import { exceptionsAnnotation } from '../api/policy-exceptions.ts';
import { ANNOTATION, API_VERSION, LABEL } from '../api/group.ts';
import { clip } from '../lib/clip.ts';
import { toDotted } from '../lib/json-pointer.ts';
import { textAt } from '../lib/json-value.ts';
import type { Context } from './context.ts';
import { contributorsOf } from './contributors.ts';
import { withDefaults, withPatches } from './defaults.ts';
import type { Envelope } from './envelope.ts';
import type { GoodDocument } from './file-content.ts';
import { locate, type Layers } from './layers.ts';
import { matches } from './patches.ts';
import type { UsedException } from '../policy/judge-node.ts';
import { judgeFileNode } from './policy-check.ts';
import { showable, type Problem } from './text/problem.ts';
import { checkNodeSpec } from './check-node-spec.ts';

/** A problem, and the node that it breaks when it is in a file that many nodes share. */
export interface NodeProblem {
  readonly problem: Problem;
  readonly node?: string;
}

export interface ResolvedNode {
  /** `namespace/name` */
  readonly key: string;
  /** Undefined when the node is broken: it keeps its last good state. */
  readonly node: BlockchainNode | undefined;
  /** The policy alone refuses it, and its file says `desiredState: Stopped`: that much is carried out. */
  readonly isToStop?: boolean;
  readonly layers: Layers;
  readonly problems: readonly NodeProblem[];
}

/** Applies defaults and patches, then checks the result. Collects all problems. */
export function resolveNode({ data, places }: GoodDocument, file: string, context: Context): ResolvedNode {
  const { name, namespace = context.defaultNamespace, labels = {} } = data.metadata;
  const key = `${namespace}/${name}`;
  const { fleet } = context.fleet;
  const merged = withDefaults(data.spec, fleet, context.chainNames);
  const matchable = { spec: merged, name, labels };
  const patches = context.patches.patches.filter(({ match }) => matches(match, matchable));
  const layers: Layers = {
    file,
    contributors: contributorsOf({ file, own: data.spec, merged, patches }),
    places,
    patches,
    fleetPlaces: context.fleet.places,
    chain: textAt(merged, ['chain']) ?? '',
  };
  const broken = (problems: readonly NodeProblem[]): ResolvedNode => ({ key, node: undefined, layers, problems });

  const brokenPatch = context.patches.broken.find(({ match }) => match === undefined || matches(match, matchable));
  if (brokenPatch !== undefined) return broken([{ problem: keptFor(brokenPatch.file), node: key }]);
  const patched = withPatches(merged, patches, context.patchBudget);
  if (!patched.ok) return broken([{ problem: patchProblem(patched), node: key }]);
  const checked = checkNodeSpec(patched.spec, context);
  const problems = checked.problems.map((one) => locatedProblem(one, layers, key));
  const { unknownDefault } = context.fleet;
  if (unknownDefault !== undefined && textAt(patched.spec, ['executor']) === undefined)
    return broken([...problems, { problem: unknownDefault, node: key }]);
  if (checked.spec === undefined) return broken(problems);
  const node = nodeObject({ data, namespace, file, spec: checked.spec });
  const { policy, patchBudget } = context;
  const judged = judgeFileNode(node, checked.chain, { files: layers.contributors, policy, patchBudget });
  const denied = judged.problems.map((one) => locatedProblem(one, layers, key));
  if (denied.length > 0) return { ...broken([...problems, ...denied]), isToStop: node.spec.desiredState === 'Stopped' };
  return { key, layers, problems, node: withExceptions(node, judged.exceptions) };
}

/** The exceptions are part of the object, so that a plan shows which change introduces one. */
function withExceptions(node: BlockchainNode, exceptions: readonly UsedException[]): BlockchainNode {
  const value = exceptionsAnnotation(exceptions);
  if (value === undefined) return node;
  const annotations = { ...node.metadata.annotations, [ANNOTATION.policyExceptions]: value };
  return { ...node, metadata: { ...node.metadata, annotations } };
}

function keptFor(file: string): Problem {
  return {
    level: 'error',
    code: 'PatchFileBroken',
    file,
    line: 1,
    column: 1,
    message: 'nodes that this patch matches, or may match, keep their last good state until the file is corrected',
  };
}

function patchProblem({ patch, index, message }: Extract<ReturnType<typeof withPatches>, { ok: false }>): Problem {
  const path = ['spec', 'patch', index];
  return {
    level: 'error',
    code: 'PatchFailed',
    file: patch.file,
    ...patch.places.of([...path, 'path']),
    message: `${toDotted(path)}: ${message}; ${adviceFor(patch.operations[index]?.path)}`,
  };
}

function adviceFor(path = ''): string {
  const below = /^\/spec(\/.+)$/.exec(path)?.[1];
  return below === undefined
    ? 'correct the patch or narrow spec.match'
    : `paths begin below spec of the node: write ${clip(below, 80)}`;
}

function locatedProblem(found: SpecProblem, layers: Layers, key: string): NodeProblem {
  const { level, code, path, part = 'value' } = found;
  const { own, ...place } = locate(layers, path, part);
  const problem: Problem = { level, code, ...place, message: showable(messageWithPath(found)) };
  return own ? { problem } : { problem, node: key };
}

interface NodeParts {
  readonly data: Envelope;
  readonly namespace: string;
  readonly file: string;
  readonly spec: NodeSpec;
}

function nodeObject({ data, namespace, file, spec }: NodeParts): BlockchainNode {
  const { name, labels, annotations } = data.metadata;
  return {
    apiVersion: API_VERSION,
    kind: 'BlockchainNode',
    metadata: {
      name,
      namespace,
      labels: {
        ...labels,
        [LABEL.node]: name,
        [LABEL.managedBy]: 'nodewright',
        [LABEL.chain]: spec.chain,
        [LABEL.network]: spec.network,
        [LABEL.executor]: spec.executor ?? DEFAULT_EXECUTOR,
      },
      annotations: { ...annotations, [ANNOTATION.file]: file },
    },
    spec,
  };
}
