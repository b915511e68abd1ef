// Everything that is wrong with a JobSchedule and can be known without a cluster.

import { validateDetailed } from 'node-cron';

import type { JobScheduleSpec } from '../../api/job-schedule.ts';
import { errorAt, type SpecProblem } from '../../api/spec-problem.ts';
import { clipJson } from '../../lib/clip.ts';
import { didYouMean } from '../../lib/nearest.ts';
import { checkRequest } from '../kinds/check-request.ts';
import { findJobKind, jobKinds } from '../kinds/index.ts';
import type { CheckContext } from '../model/job-kind.ts';
import { parseCron } from './cron.ts';
import { nextRun } from './schedule-clock.ts';

/** Errors (it files nothing) and warnings. The spec passed the schema, and the template's that of its kind, if there is one. */
export function checkSchedule(spec: JobScheduleSpec, context: CheckContext): readonly SpecProblem[] {
  return [...checkTime(spec), ...checkKeep(spec), ...checkTemplate(spec, context)];
}

function checkTime({ schedule, timeZone }: JobScheduleSpec): readonly SpecProblem[] {
  const problems: SpecProblem[] = [];
  const trouble = scheduleTrouble(schedule);
  if (trouble !== undefined) problems.push(errorAt('InvalidSchedule', ['spec', 'schedule'], trouble));
  if (!isTimeZone(timeZone))
    problems.push(
      errorAt(
        'InvalidTimeZone',
        ['spec', 'timeZone'],
        `${clipJson(timeZone)} is no IANA time zone; ${didYouMean(timeZone, Intl.supportedValuesOf('timeZone'), 'write a name like Europe/Berlin or UTC')}`,
      ),
    );
  return problems;
}

/** Both must accept it: node-cron knows words that crontab(5) does not, such as `L`. */
function scheduleTrouble(schedule: string): string | undefined {
  const parsed = parseCron(schedule);
  if (!parsed.ok) return `"${schedule}" is not a cron expression: ${parsed.message}`;
  const [first] = validateDetailed(schedule).errors;
  if (first !== undefined) return `"${schedule}" is not a cron expression: ${first.message}`;
  const never = nextRun({ schedule, timeZone: 'UTC' }, 0) === undefined;
  return never ? `"${schedule}" never comes: no month has this day` : undefined;
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function checkKeep({ keep, template }: JobScheduleSpec): readonly SpecProblem[] {
  if (keep === undefined || template.kind === 'Backup' || findJobKind(template.kind) === undefined) return [];
  const message = `only backups are removed by it, and this schedule files a ${template.kind}. Take it out`;
  return [errorAt('NotSupported', ['spec', 'keep'], message)];
}

/** As a file in jobs/ with the same content would be judged; places and words point into the template. */
function checkTemplate({ template }: JobScheduleSpec, context: CheckContext): readonly SpecProblem[] {
  if (findJobKind(template.kind) === undefined) {
    const kinds = jobKinds.map(({ kind }) => kind);
    const advice = didYouMean(template.kind, kinds, `the kinds are ${kinds.join(', ')}`);
    const message = `${clipJson(template.kind)} is no kind of job; ${advice}`;
    return [errorAt('UnknownKind', ['spec', 'template', 'kind'], message)];
  }
  const own =
    template.spec['executor'] === undefined
      ? []
      : [
          errorAt(
            'NotSupported',
            ['spec', 'executor'],
            'a run is carried out by the executor of its schedule; take it out',
          ),
        ];
  return [...own, ...checkRequest(template, context)].map(({ path, ...rest }) => ({
    ...rest,
    path: ['spec', 'template', ...path],
  }));
}
