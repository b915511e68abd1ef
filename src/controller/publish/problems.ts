// Everything that is wrong with the fleet, in one list: in files, in job requests, and what the API server refused.

import { ANNOTATION } from '../../api/group.ts';
import type { ProblemView } from '../../status/fleet-view.ts';
import { type FailedAction, problemsInFiles } from '../fleet/state.ts';
import { problemOfRequest } from '../job/refused-request.ts';
import { type ApprovalDeps, problemsOfApprovals } from './approvals.ts';
import type { PublishDeps } from './deps.ts';
import { lostBranch } from './lost-branch.ts';

type ProblemDeps = ApprovalDeps & Pick<PublishDeps, 'observations' | 'refusals' | 'runtime' | 'watches'>;

export function problemsOf(deps: ProblemDeps): readonly ProblemView[] {
  const { fleet, refusals } = deps;
  return [
    ...lostMemory(deps),
    ...lostBranch(deps),
    ...problemsInFiles(fleet),
    ...problemsOfApprovals(deps),
    ...refusals.current.map(problemOfRequest),
    ...fleet.failures.flatMap(refusedAction),
    ...refusedNodes(deps),
  ];
}

function lostMemory({ memory }: ProblemDeps): readonly ProblemView[] {
  const { lost } = memory.current;
  return lost === undefined
    ? []
    : [{ level: 'warning', code: 'MemoryLost', file: 'fleet.yaml', line: 1, column: 1, message: lost }];
}

/** A server that does not answer is no problem of a file. */
function refusedAction({ isRefused, object, message, file, line }: FailedAction): readonly ProblemView[] {
  if (!isRefused || file === undefined) return [];
  return [problem(file, line, `The API server refused ${object}: ${message}. Correct the file or what refuses it.`)];
}

function refusedNodes({ fleet, observations, watches }: ProblemDeps): readonly ProblemView[] {
  return [...observations.troubles()].flatMap(([key, { reason, message }]) => {
    const declared = fleet.pulled?.desired.nodes.get(key);
    const file = declared?.file ?? watches.nodes.get(key)?.metadata.annotations?.[ANNOTATION.file];
    if (reason !== 'ObjectRefused' || file === undefined) return [];
    return [problem(file, declared?.line ?? 1, `Node ${key}: ${message}`)];
  });
}

function problem(file: string, line: number, message: string): ProblemView {
  return { level: 'error', code: 'ObjectRefused', file, line, column: 1, message };
}
