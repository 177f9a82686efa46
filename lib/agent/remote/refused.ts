import { TidewayError, codeOf } from '../../base/errors.ts';

/**
 * Whether a service does not take the rights it was shown: the key that signed them was rotated, or access was revoked. By
 * what the client of Service Bus, and ours of tables and files, throw.
 */
export function isRefused(error: unknown): boolean {
  // What a line of hints tells after several tries.
  if (error instanceof AggregateError) return error.errors.some(isRefused);
  if (codeOf(error) === 'UnauthorizedAccess') return true;
  return (
    error instanceof TidewayError && /^(table|share)_call_failed$/.test(error.code) && error.message.startsWith('403 ')
  );
}
