/** One line of JSON a record: {time, level, part, event, ...fields}. `event` is a stable snake_case word. */
export interface Log {
  debug(event: string, fields?: Readonly<Record<string, unknown>>): void;
  info(event: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields?: Readonly<Record<string, unknown>>): void;
  error(event: string, fields?: Readonly<Record<string, unknown>>): void;
}

export type Level = 'debug' | 'info' | 'warn' | 'error';

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Writes each record as one line through `write`; `now` gives the time. Errors are logged with code and stack. */
export function jsonLog(part: string, write: (line: string) => void, now: () => number): Log {
  const at =
    (level: Level) =>
    (event: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      write(`${JSON.stringify({ time: new Date(now()).toISOString(), level, part, event, ...fields }, plain)}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
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
