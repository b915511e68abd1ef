// What is wrong with a Restore, without a cluster.

import { errorAt, type SpecProblem, warningAt } from '../../api/spec-problem.ts';
import type { CheckContext } from '../model/job-kind.ts';
import type { RestoreSpec } from './restore.ts';

/** Exactly one source, and one that exists as far as the commit and the records tell. */
export function checkRestore(spec: RestoreSpec, { namespace, others }: CheckContext): readonly SpecProblem[] {
  const problems: SpecProblem[] = [];
  if ((spec.backup === undefined) === (spec.snapshot === undefined))
    problems.push(errorAt('OneOf', ['spec', 'backup'], 'give exactly one of backup and snapshot'));
  for (const [field, kind] of [
    ['backup', 'Backup'],
    ['snapshot', 'Snapshot'],
  ] as const) {
    const name = spec[field];
    if (name !== undefined && others !== undefined && !others.has(`${kind}/${namespace}/${name}`))
      problems.push(
        warningAt(
          'UnknownSource',
          ['spec', field],
          `no ${kind} ${namespace}/${name} is in this commit or on record; the job will be refused unless there is one by then`,
        ),
      );
  }
  if (spec.action === 'Direct')
    problems.push(
      warningAt(
        'DirectRestore',
        ['spec', 'action'],
        'works only while the node is stopped: under a running node the job is refused, because it would corrupt the data',
      ),
    );
  return problems;
}
