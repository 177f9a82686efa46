// Every error a person may see has a stable code, the path (or setting) it is about, and what to do.

export interface ErrorDetails {
  readonly path?: string | undefined;
  /** One sentence in the imperative: what the reader can do about it. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

export class TidewayError extends Error {
  readonly code: string;
  readonly path: string | undefined;
  readonly hint: string | undefined;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'TidewayError';
    this.code = code;
    this.path = details.path;
    this.hint = details.hint;
  }
}

/** For what cannot happen: a broken invariant must stop the work, never be carried on with. */
export function must<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`broken invariant: ${what}`);
  return value;
}

export function unreachable(value: never): never {
  throw new Error(`broken invariant: unexpected ${JSON.stringify(value)}`);
}

/** The code of a system error (`ENOENT`, `EACCES`, ...) or of a TidewayError; '' if it has none. */
export function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code;
  return '';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
