// The keys of one data directory: random, made once, readable by their owner only.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { TidewayError } from '../../base/errors.ts';
import { makeSigningKeys } from '../../protocol/message.ts';
import { writeWhole } from './write-whole.ts';

const secrets = z.object({
  v: z.literal(1),
  accountKey: z.string(),
  serviceBusKey: z.string(),
  eventGridKey: z.string(),
  token: z.string(),
  masterKey: z.string(),
  functionKey: z.string(),
  systemKey: z.string(),
  cloudKey: z.string(),
});
export type Secrets = z.infer<typeof secrets>;

/** Errors: `state_corrupt` when the file is there and is not what was written. */
export function loadSecrets(data: string): Secrets {
  const file = path.join(data, 'secrets.json');
  if (!existsSync(file)) {
    const key = (bytes: number): string => randomBytes(bytes).toString('base64');
    const made: Secrets = {
      v: 1,
      accountKey: key(64),
      serviceBusKey: key(32),
      eventGridKey: key(32),
      token: randomBytes(24).toString('hex'),
      masterKey: randomBytes(24).toString('hex'),
      functionKey: randomBytes(24).toString('hex'),
      systemKey: randomBytes(24).toString('hex'),
      cloudKey: makeSigningKeys().privateKey,
    };
    writeWhole(file, JSON.stringify(made, undefined, 2));
    return made;
  }
  return parseFile(file, secrets, 'Restore it from a backup: the state beside it can only be read with these keys.');
}

/** A JSON file of ours. Errors: `state_corrupt` with `hint`. */
export function parseFile<T>(file: string, schema: { parse(value: unknown): T }, hint: string): T {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new TidewayError('state_corrupt', `${file} is damaged`, { path: file, hint, cause: error });
  }
}
