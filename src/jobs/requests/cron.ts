// The five fields of a cron expression, as crontab(5) defines them: https://man7.org/linux/man-pages/man5/crontab.5.html

import { clipJson } from '../../lib/clip.ts';

export interface Cron {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** Neither day field starts with `*`: then a day that matches one of them is enough. */
  readonly eitherDay: boolean;
}

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS = {
  minutes: { name: 'minute', from: 0, to: 59 },
  hours: { name: 'hour', from: 0, to: 23 },
  days: { name: 'day of month', from: 1, to: 31 },
  months: { name: 'month', from: 1, to: 12, names: MONTHS },
  weekdays: { name: 'day of week', from: 0, to: 7, names: WEEKDAYS },
} as const satisfies Record<string, Field>;

export type ParsedCron = { readonly ok: true; readonly cron: Cron } | { readonly ok: false; readonly message: string };

/** Numbers, names, lists, ranges and steps; 7 is Sunday too. Nothing else: no `L`, `W`, `#`, `?` or `@daily`. */
export function parseCron(expression: string): ParsedCron {
  const texts = expression.trim().split(/\s+/);
  if (texts.length !== 5) return { ok: false, message: 'it must have five fields' };
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = texts;
  try {
    const cron = {
      minutes: parseField(minute, FIELDS.minutes),
      hours: parseField(hour, FIELDS.hours),
      days: parseField(day, FIELDS.days),
      months: parseField(month, FIELDS.months),
      weekdays: new Set([...parseField(weekday, FIELDS.weekdays)].map((number) => number % 7)),
      eitherDay: !day.startsWith('*') && !weekday.startsWith('*'),
    };
    return { ok: true, cron };
  } catch (error) {
    if (error instanceof FieldError) return { ok: false, message: error.message };
    throw error;
  }
}

class FieldError extends Error {}

function parseField(text: string, field: Field): ReadonlySet<number> {
  const numbers = new Set<number>();
  for (const part of text.split(',')) {
    const [, range = '', step] = /^([^/]+)(?:\/([1-9][0-9]{0,3}))?$/.exec(part) ?? refuse(part, field);
    const [from, to] = parseRange(range, field, step !== undefined);
    for (let number = from; number <= to; number += Number(step ?? 1)) numbers.add(number);
  }
  return numbers;
}

function parseRange(text: string, field: Field, stepped: boolean): readonly [number, number] {
  if (text === '*') return [field.from, field.to];
  const [low = '', high, ...rest] = text.split('-');
  const from = parseNumber(low, field);
  // As in Kubernetes, `5/15` stands for `5-59/15`.
  const single = stepped ? field.to : from;
  const to = high === undefined ? single : parseNumber(high, field);
  return rest.length > 0 || from > to ? refuse(text, field) : [from, to];
}

function parseNumber(text: string, field: Field): number {
  const named = field.names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + field.from;
  const number = /^[0-9]{1,2}$/.test(text) ? Number(text) : -1;
  return number < field.from || number > field.to ? refuse(text, field) : number;
}

function refuse(text: string, { name, from, to }: Field): never {
  throw new FieldError(
    `${clipJson(text, 40)} is not valid for the ${name}: use numbers from ${from} to ${to}, lists, ranges and steps`,
  );
}
