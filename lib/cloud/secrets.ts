// What proves who asks and who sends. In Azure neither is a secret of its own: of the administrators' token the app knows the
// hash only, and the backend's key follows from one that the app has to hold anyway.
import { createHash, hkdfSync, timingSafeEqual } from 'node:crypto';
import { TidewayError } from '../base/errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * TIDEWAY_TOKEN_HASH (hex), or else the hash of TIDEWAY_TOKEN. Nobody finds a token of 24 random bytes by its hash. Errors:
 * `setting_missing`, `setting_invalid`.
 */
export function tokenCheck(env: Env): (text: string) => boolean {
  const hex = env['TIDEWAY_TOKEN_HASH'] ?? '';
  const wanted = hex === '' ? sha256(need(env, 'TIDEWAY_TOKEN')) : Buffer.from(hex, 'hex');
  if (wanted.length !== 32)
    throw new TidewayError('setting_invalid', 'TIDEWAY_TOKEN_HASH is no SHA-256 in hexadecimal', {
      path: 'TIDEWAY_TOKEN_HASH',
      hint: 'printf %s "$TIDEWAY_TOKEN" | openssl dgst -sha256 -r',
    });
  return (text) => timingSafeEqual(sha256(text), wanted);
}

/** Private keys of Ed25519 in PKCS#8, up to the 32 bytes of the key itself (RFC 8410, section 7). */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * The key (PKCS#8, base64) that the backend signs its own operations with: TIDEWAY_CLOUD_KEY, or else made of the key of the
 * rule `agent-send`, of which agents get signatures and never the key. Once that is rotated, what was sent before is
 * refused, and sent again by whoever waits for it.
 */
export function cloudKey(env: Env): string {
  const given = env['TIDEWAY_CLOUD_KEY'] ?? '';
  if (given !== '') return given;
  const seed = hkdfSync('sha256', need(env, 'TIDEWAY_BUS_SEND_KEY'), 'tideway', 'operations of the backend', 32);
  return Buffer.concat([pkcs8, Buffer.from(seed)]).toString('base64');
}

function need(env: Env, name: string): string {
  const value = env[name] ?? '';
  if (value === '')
    throw new TidewayError('setting_missing', `the setting ${name} is not set`, {
      path: name,
      hint: 'Set it in the app settings.',
    });
  return value;
}
