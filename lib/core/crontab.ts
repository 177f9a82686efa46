// NCRONTAB: {second} {minute} {hour} {day} {month} {day of week}; five fields mean second 0. A day must fit both its
// day-of-month and its day-of-week field (unlike Unix cron, where either is enough). Times here are those of one clock that
// never changes: UTC, or a wall clock (schedule.ts knows of zones).

interface Field {
  readonly least: number;
  readonly greatest: number;
  readonly names?: readonly string[] | undefined;
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const fields: readonly Field[] = [
  { least: 0, greatest: 59 },
  { least: 0, greatest: 59 },
  { least: 0, greatest: 23 },
  { least: 1, greatest: 31 },
  { least: 1, greatest: 12, names: months },
  { least: 0, greatest: 6, names: weekdays },
];

export interface Crontab {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
}

/** Errors: an Error naming the expression. */
export function parseCrontab(text: string): Crontab {
  const parts = text.trim().split(/\s+/);
  const all = parts.length === 5 ? ['0', ...parts] : parts;
  if (all.length !== 6) throw new Error(`'${text}' is not a valid CRON expression: it has ${parts.length} fields.`);
  const [seconds, minutes, hours, days, monthList, weekdayList] = all.map((part, at) =>
    parseField(part, fields[at] as Field, text),
  );
  return {
    seconds: seconds as number[],
    minutes: minutes as number[],
    hours: hours as number[],
    days: new Set(days),
    months: new Set(monthList),
    weekdays: new Set(weekdayList),
  };
}

function parseField(text: string, field: Field, whole: string): number[] {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [range = '', stepText, ...rest] = part.split('/');
    const step = stepText === undefined ? 1 : Number(stepText);
    if (rest.length > 0 || !Number.isInteger(step) || step < 1) throw invalid(part, whole);
    const [first, last] = parseRange(range, field, stepText !== undefined, () => invalid(part, whole));
    for (let value = first; value <= last; value += step) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

function parseRange(range: string, field: Field, stepped: boolean, wrong: () => Error): [number, number] {
  if (range === '*') return [field.least, field.greatest];
  const [from = '', to, ...rest] = range.split('-');
  const first = parseValue(from, field);
  // `5/15` runs from 5 to the end of the field.
  const last = to === undefined ? (stepped ? field.greatest : first) : parseValue(to, field);
  if (rest.length > 0 || first === undefined || last === undefined || first > last) throw wrong();
  return [first, last];
}

function parseValue(text: string, field: Field): number | undefined {
  const named = field.names?.indexOf(text.toLowerCase().slice(0, 3)) ?? -1;
  const value = named >= 0 ? named + field.least : /^\d+$/.test(text) ? Number(text) : NaN;
  return value >= field.least && value <= field.greatest ? value : undefined;
}

function invalid(part: string, whole: string): Error {
  return new Error(`'${whole}' is not a valid CRON expression: '${part}' is wrong.`);
}

const dayMs = 86_400_000;
/** 29 February on a given weekday comes at least every 40 years (across a skipped leap year). */
const horizonDays = 366 * 41;

/** The first occurrence after `after` (ms since 1970), or undefined where none will ever come. */
export function nextOccurrence(cron: Crontab, after: number): number | undefined {
  const first = Math.floor(after / 1000) * 1000 + 1000;
  const firstDay = Math.floor(first / dayMs) * dayMs;
  for (let day = 0; day < horizonDays; day++) {
    const midnight = firstDay + day * dayMs;
    const date = new Date(midnight);
    if (!cron.months.has(date.getUTCMonth() + 1) || !cron.days.has(date.getUTCDate())) continue;
    if (!cron.weekdays.has(date.getUTCDay())) continue;
    const time = firstTime(cron, day === 0 ? first - midnight : 0);
    if (time !== undefined) return midnight + time;
  }
  return undefined;
}

/** The first time of day at or after `from` (ms). */
function firstTime(cron: Crontab, from: number): number | undefined {
  for (const hour of cron.hours)
    for (const minute of cron.minutes) {
      const start = (hour * 60 + minute) * 60_000;
      if (start + 59_000 < from) continue;
      for (const second of cron.seconds) if (start + second * 1000 >= from) return start + second * 1000;
    }
  return undefined;
}
