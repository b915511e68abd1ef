// What ran, for the record: the program of the task, its image, and its last output.

import type { JobStatus, JobTask } from '../../api/job-status.ts';
import { capText, stripControls } from '../../lib/clean-text.ts';
import { defined } from '../../lib/defined.ts';
import { redact } from '../../lib/redact.ts';
import type { TaskSpec, Program } from '../model/task-spec.ts';
import type { Scope } from '../model/scope.ts';
import { workerImageOf } from './render-job.ts';

export type Ran = Partial<Pick<JobStatus, 'command' | 'image' | 'imageDigest' | 'outputTail'>>;

/** Of the first pod, which stands for all; the output of every one. */
export function provenanceOf(
  { open, settings, observed }: Pick<Scope, 'open' | 'settings' | 'observed'>,
  pods: readonly TaskSpec[],
  tasks: readonly JobTask[],
): Ran {
  const [pod] = pods;
  const program = pod?.before.at(-1) ?? pod?.beside;
  const command = program === undefined ? `nodewright job ${pod?.parameters.verb ?? ''}` : describeCommand(program);
  const digest = tasks.map(({ imageDigest }) => imageDigest).find((found) => found !== undefined);
  const output = tasks.map(({ name }) => observed.tasks.get(name)?.output ?? '').join('\n');
  return {
    command: capText(redact(command), 1024),
    image: program?.image ?? workerImageOf(open.common, settings),
    ...defined({ imageDigest: digest, outputTail: tailOf(output) }),
  };
}

const MAX_TAIL = 4096;

function tailOf(output: string): string | undefined {
  return output.trim() === '' ? undefined : redact(stripControls(output)).trim().slice(-MAX_TAIL);
}

/** The text of a script does not help the reader of a record: its first comment does, or the name of what it runs for. */
function describeCommand({ name, command, args }: Program): string {
  const [shell = '', flag, script = ''] = [...command, ...args];
  if (!/(?:^|\/)(?:ba|da|a)?sh$/.test(shell) || flag !== '-c') return [...command, ...args].join(' ');
  const comment = /^# *(\S.*)$/m.exec(script)?.[1];
  return `${shell} -c … (${comment ?? `script of ${name}`})`;
}
