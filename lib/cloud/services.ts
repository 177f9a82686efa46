// The composition root of the functions: one world per instance, made when the first invocation needs it.
import { connectCloud, namespaceTable } from '../azure/connect.ts';
import { readConnections } from '../azure/settings.ts';
import { signerOf } from '../azure/signer.ts';
import { systemClock } from '../base/clock.ts';
import { byLevel, jsonLog } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import { publicKeyOf } from '../protocol/message.ts';
import type { SignerAt } from './access.ts';
import type { Cloud } from './group.ts';
import { cloudKey, tokenCheck } from './secrets.ts';
import { readSettings } from './settings.ts';

export interface Services {
  readonly cloud: Cloud;
  readonly signer: SignerAt;
  /** True for the hub's own token. */
  isToken(text: string): boolean;
}

let current: Services | undefined;

/** The same for every function of an instance; throws `setting_missing` or `setting_invalid` where the app is not set up. */
export function services(): Services {
  current ??= compose(process.env);
  return current;
}

function compose(env: Readonly<Record<string, string | undefined>>): Services {
  const connections = readConnections(env);
  const world = connectCloud(connections);
  const privateKey = cloudKey(env);
  const cloud: Cloud = {
    ...world,
    clock: systemClock,
    random: systemRandom,
    log: jsonLog(
      'functions',
      // The Functions host takes what is printed for information, which host.json drops, and only errors for more than that.
      byLevel(
        (line) => process.stdout.write(line),
        (line) => process.stderr.write(line),
      ),
      () => systemClock.now(),
    ),
    settings: readSettings(env),
    keys: { privateKey, publicKey: publicKeyOf(privateKey) },
    caches: new Map(),
  };
  return {
    cloud,
    signer: signerOf(connections, namespaceTable),
    isToken: tokenCheck(env),
  };
}
