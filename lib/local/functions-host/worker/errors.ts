import { inspect } from 'node:util';
import type { RpcException } from '../rpc.ts';

/** The library tells errors of the system from those of the user's code by this field. */
export class SystemError extends Error {
  readonly isAzureFunctionsSystemError = true;
}

export class SystemRangeError extends RangeError {
  readonly isAzureFunctionsSystemError = true;
}

export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(describe(thrown));
}

/** Anything may be thrown; the host wants a message and a stack. */
export function exceptionOf(thrown: unknown): RpcException {
  const error = errorOf(thrown);
  return { message: error.message, stackTrace: error.stack ?? '', source: '' };
}

function describe(thrown: unknown): string {
  if (thrown === undefined || thrown === null) return 'Unknown error';
  if (typeof thrown === 'string') return thrown;
  if (typeof thrown === 'object') return JSON.stringify(thrown) ?? 'Unknown error';
  return inspect(thrown);
}
