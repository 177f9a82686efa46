// The clocks of a place, by its IANA name, from what the runtime knows of them.
import { TidewayError } from './errors.ts';

const known = new Map<string, (instant: number) => number>();

/** By how many ms the clocks of `name` are ahead of UTC at an instant (ms since 1970). Errors: `time_zone_unknown`. */
export function timeZone(name: string): (instant: number) => number {
  const zone = known.get(name) ?? make(name);
  known.set(name, zone);
  return zone;
}

const most = 10_000;

function make(name: string): (instant: number) => number {
  const format = formatOf(name);
  // To ask the runtime costs some microseconds, and who looks for a date asks for many. Clocks change on whole minutes.
  const asked = new Map<number, number>();
  return (instant) => {
    const whole = Math.floor(instant / 60_000) * 60_000;
    let ahead = asked.get(whole);
    if (ahead === undefined) {
      ahead = ask(format, whole);
      if (asked.size >= most) asked.clear();
      asked.set(whole, ahead);
    }
    return ahead;
  };
}

function ask(format: Intl.DateTimeFormat, whole: number): number {
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(whole)) part[type] = Number(value);
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - whole;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const two = '2-digit';
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: two,
      day: two,
      hour: two,
      minute: two,
      second: two,
    });
  } catch (cause) {
    throw new TidewayError('time_zone_unknown', `there is no time zone ${JSON.stringify(timeZone)}`, {
      path: timeZone,
      hint: 'Use a name of the IANA database, for example Europe/Paris, or UTC.',
      cause,
    });
  }
}
