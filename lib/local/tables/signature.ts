import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';

/** HMAC-SHA256 with the account's key (base64), as every signature of the storage services is made. */
export function signer(key: string): (text: string) => string {
  const secret = createSecretKey(Buffer.from(key, 'base64'));
  return (text) => createHmac('sha256', secret).update(text, 'utf8').digest('base64');
}

/** Takes the same time wherever the two differ, so that a signature cannot be guessed byte by byte. */
export function sameText(expected: string, given: string): boolean {
  const a = Buffer.from(expected);
  const b = Buffer.from(given);
  return a.length === b.length && timingSafeEqual(a, b);
}
