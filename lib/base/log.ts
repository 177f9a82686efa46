/** One line of JSON a record: {time, level, part, event, ...fields}. `event` is a stable snake_case word. */
export interface Log {
  debug(event: string, fields?: Readonly<Record<string, unknown>>): void;
  info(event: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields?: Readonly<Record<string, unknown>>): void;
  error(event: string, fields?: Readonly<Record<string, unknown>>): void;
}

export type Level = 'debug' | 'info' | 'warn' | 'error';

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** A line with what it is about, for whoever keeps warnings apart. */
export type WriteLine = (line: string, level: Level) => void;

/** Writes each record as one line through `write`; `now` gives the time. Errors are logged with code and stack. */
export function jsonLog(part: string, write: WriteLine, now: () => number): Log {
  const at =
    (level: Level) =>
    (event: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      const head = { time: new Date(now()).toISOString(), level, part, event };
      write(`${textOf({ ...head, ...fields }) ?? textOf({ ...head, fields: 'not to be written as JSON' })}\n`, level);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** What somebody should see goes to `loud`, all else to `quiet`. */
export function byLevel(quiet: (line: string) => void, loud: (line: string) => void): WriteLine {
  return (line, level) => (level === 'warn' || level === 'error' ? loud(line) : quiet(line));
}

/** Undefined where a value refers to itself: a log never stops the work it tells about. */
function textOf(record: Readonly<Record<string, unknown>>): string | undefined {
  try {
    return JSON.stringify(record, plain);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function plain(_key: string, value: unknown): unknown {
  if (value instanceof Error)
    return {
      ...Object.fromEntries(Object.entries(value)),
      message: value.message,
      stack: value.stack,
      cause: value.cause,
    };
  if (typeof value === 'bigint') return value.toString();
  return value;
}
