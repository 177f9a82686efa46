// The queue `changes`: one signed batch a message. The signature covers the exact bytes of `payload`, which therefore
// travels as a string inside the body and is parsed only after it was verified (I26).
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { undeletePart } from './past.ts';
import { author, authorOperation, finding, operation } from './operation.ts';

/**
 * Most operations of one message, and most bytes of them as they travel, which most messages of many files end at. What comes
 * with a message (its look-ups, its listing, its events) costs the committer as much as some sixty small files, so a flood
 * goes in few of them; what waits behind two full ones waits for a thousand files.
 */
export const maxBatch = 480;
export const maxBatchBytes = 192 * 1024;
/** So many are taken: more than are sent, lest who sends has to be older than who takes. */
const maxTaken = 500;

const batch = z.object({
  v: z.literal(1),
  group: z.string(),
  endpoint: z.string(),
  incarnation: z.number().int().positive(),
  /** The number of the first operation; the others follow without a gap. */
  from: z.number().int().positive(),
  operations: z.array(operation).min(1).max(maxTaken),
  /** So many files the endpoint has: a mass change is a part of these. */
  files: z.number().int().nonnegative().optional(),
});
export type Batch = z.infer<typeof batch>;

/** Most orders of one message. */
export const maxOrders = 100;

/** What one of the backend's own authors asks, numbered as those of an endpoint are. */
const orders = z.object({
  v: z.literal(1),
  group: z.string(),
  author,
  incarnation: z.number().int().positive(),
  from: z.number().int().positive(),
  orders: z.array(authorOperation).min(1).max(maxOrders),
});

/** The backend's own message: paths of the share to look at. */
const findings = z.object({ v: z.literal(1), group: z.string(), findings: z.array(finding).min(1).max(100) });

/** A message that only makes the committer come: to recover, or to try parked operations again. */
const nudge = z.object({
  v: z.literal(1),
  group: z.string(),
  nudge: z.string(),
  /** An enumeration all of whose findings were sent before: what comes to this is through with them. */
  scan: z.string().optional(),
});

/** The backend's own message, too: what is to come back. */
const undeletes = z.object({ v: z.literal(1), group: z.string(), undelete: undeletePart });

export const payload = z.union([batch, orders, findings, nudge, undeletes]);
export type Payload = z.infer<typeof payload>;

const envelope = z.object({ v: z.literal(1), signer: z.string(), payload: z.string(), signature: z.string() });
export type Envelope = z.infer<typeof envelope>;

/** The signer of messages that the backend sends to itself. */
export const cloudSigner = 'cloud';

export interface SigningKeys {
  /** PKCS#8, base64. */
  readonly privateKey: string;
  /** SPKI, base64. */
  readonly publicKey: string;
}

export function makeSigningKeys(): SigningKeys {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  };
}

export function publicKeyOf(privateKey: string): string {
  return createPublicKey(privateKeyObject(privateKey)).export({ type: 'spki', format: 'der' }).toString('base64');
}

const parsedKeys = new Map<string, KeyObject>();
const maxParsedKeys = 1000;

/** Keys are used again and again, and parsing one costs more than a signature. */
function parsedOnce(text: string, parse: () => KeyObject): KeyObject {
  let key = parsedKeys.get(text);
  if (key === undefined) {
    key = parse();
    if (parsedKeys.size >= maxParsedKeys) parsedKeys.clear();
    parsedKeys.set(text, key);
  }
  return key;
}

function privateKeyObject(privateKey: string): KeyObject {
  return parsedOnce(privateKey, () =>
    createPrivateKey({ key: Buffer.from(privateKey, 'base64'), type: 'pkcs8', format: 'der' }),
  );
}

export function signText(text: string, privateKey: string): string {
  return sign(null, Buffer.from(text, 'utf8'), privateKeyObject(privateKey)).toString('base64');
}

/** False for a wrong signature and for a key or signature that is none at all. */
export function verifyText(text: string, signature: string, publicKey: string): boolean {
  try {
    const key = parsedOnce(publicKey, () =>
      createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' }),
    );
    return verify(null, Buffer.from(text, 'utf8'), key, Buffer.from(signature, 'base64'));
  } catch {
    return false; // not a key or not base64: as good as a wrong signature
  }
}

export function seal(content: Payload, signer: string, privateKey: string): Envelope {
  const text = JSON.stringify(content);
  return { v: 1, signer, payload: text, signature: signText(text, privateKey) };
}

/** The envelope of a message body (an object or its JSON text), or undefined where it is none. */
export function parseEnvelope(body: unknown): Envelope | undefined {
  const parsed = envelope.safeParse(typeof body === 'string' ? parseJson(body) : body);
  return parsed.success ? parsed.data : undefined;
}

/** The payload of a verified envelope, or undefined where it does not follow the schema. */
export function parsePayload(text: string): Payload | undefined {
  const parsed = payload.safeParse(parseJson(text));
  return parsed.success ? parsed.data : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema refuses undefined: one way to say "not ours"
  }
}
