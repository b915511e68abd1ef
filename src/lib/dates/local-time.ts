// Local time in a time zone: its calendar and the stretches between two clock changes.

const MINUTE = 60_000;
export const DAY = 86_400_000;

/** The calendar's view of a day, given as days since the epoch. Months count from 1; day 0 of the week is Sunday. */
export function calendarDay(day: number): { readonly month: number; readonly date: number; readonly weekday: number } {
  const found = new Date(day * DAY);
  return { month: found.getUTCMonth() + 1, date: found.getUTCDate(), weekday: found.getUTCDay() };
}

interface Stretch {
  readonly from: number;
  readonly to: number;
  /** Local time minus UTC, in milliseconds. */
  readonly offset: number;
}

/** The stretches of constant offset between two moments. Changes are days apart, so the window is halved until both ends agree. */
export function* stretches(timeZone: string, from: number, to: number): Generator<Stretch> {
  for (let start = from; start < to;) {
    const offset = offsetAt(timeZone, start);
    let [same, other] = [start, to];
    if (offsetAt(timeZone, to) === offset) same = to;
    while (same < to && other - same > MINUTE) {
      const middle = Math.floor((same + other) / 2 / MINUTE) * MINUTE;
      if (offsetAt(timeZone, middle) === offset) same = middle;
      else other = middle;
    }
    yield { from: start, to: same === to ? to : other, offset };
    start = same === to ? to : other;
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();

function offsetAt(timeZone: string, time: number): number {
  const format = formats.get(timeZone) ?? createFormat(timeZone);
  formats.set(timeZone, format);
  const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
  const get = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  const local = Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute'));
  return local - Math.floor(time / MINUTE) * MINUTE;
}

function createFormat(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
}
