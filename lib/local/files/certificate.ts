import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { randomHex, type Random } from '../../base/random.ts';

/** PEM texts. The certificate vouches for itself: who trusts it trusts this service, and nothing else. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

const day = 86_400_000;

/** How long a certificate is good for, in ms. */
export const lifetime = 825 * day;

// Distinguished encoding (X.690) of the little of X.509 (RFC 5280) that a server on this machine needs.
const oid = {
  ecdsaWithSha256: [42, 134, 72, 206, 61, 4, 3, 2],
  commonName: [85, 4, 3],
  subjectAltName: [85, 29, 17],
  basicConstraints: [85, 29, 19],
} as const;

/** A self-signed certificate for names and IPv4 addresses, from a day before `now` (ms) on. */
export function makeCertificate(random: Random, now: number, names: readonly string[]): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = toBeSigned(publicKey, serial(random), now, names);
  const signature = sign('sha256', body, privateKey);
  const certificate = sequence(body, algorithm(), tag(0x03, Buffer.from([0]), signature));
  const text = certificate.toString('base64').replaceAll(/.{64}/g, '$&\n');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`,
  };
}

function toBeSigned(publicKey: KeyObject, number: Buffer, now: number, names: readonly string[]): Buffer {
  const name = sequence(
    tag(0x31, sequence(identifier(oid.commonName), tag(0x0c, Buffer.from('Tideway on this machine')))),
  );
  const alternatives = names.map((each) =>
    /^[\d.]+$/.test(each) ? tag(0x87, Buffer.from(each.split('.').map(Number))) : tag(0x82, Buffer.from(each)),
  );
  return sequence(
    tag(0xa0, tag(0x02, Buffer.from([2]))), // version 3
    tag(0x02, number),
    algorithm(),
    name,
    sequence(time(now - day), time(now + lifetime)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tag(
      0xa3,
      sequence(
        extension(oid.subjectAltName, sequence(...alternatives)),
        extension(oid.basicConstraints, sequence(tag(0x01, Buffer.from([0xff])))),
      ),
    ),
  );
}

function serial(random: Random): Buffer {
  const bytes = Buffer.from(randomHex(random, 16), 'hex');
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40; // positive, and in its shortest form
  return bytes;
}

function algorithm(): Buffer {
  return sequence(identifier(oid.ecdsaWithSha256));
}

function extension(id: readonly number[], value: Buffer): Buffer {
  return sequence(identifier(id), tag(0x04, value));
}

function identifier(id: readonly number[]): Buffer {
  return tag(0x06, Buffer.from(id));
}

/** UTCTime, which is for years before 2050, as the rules for certificates ask. */
function time(ms: number): Buffer {
  const text = `${new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`;
  return tag(0x17, Buffer.from(text));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tag(0x30, ...parts);
}

function tag(type: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([type, ...size]), content]);
}
