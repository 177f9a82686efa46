// The embedded services alone, for any project to test against: lock, keys, ports, services in the order of need, the app.
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { TidewayError, codeOf } from '../../base/errors.ts';
import { writeEnv } from '../hub/env-file.ts';
import { lockData } from '../hub/lock.ts';
import { loadSecrets } from '../hub/secrets.ts';
import { type Listener, choosePorts, keepPorts, listeners } from './ports.ts';
import { type ServiceName, type StackOptions, type Started, Services, host } from './services.ts';

export interface Stack extends Started {
  stop(): Promise<void>;
}

/** Somebody else may take a port between our look and our use of it: not so often in a row. */
const portRounds = 5;

/**
 * Resolves when all of them serve. Errors are TidewayErrors: `data_in_use`, `data_of_hub`, `port_in_use`,
 * `topology_invalid`, `app_...`, `state_...`.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { data } = options;
  mkdirSync(data, { recursive: true, mode: 0o700 });
  if (existsSync(path.join(data, 'hub.json')))
    throw new TidewayError('data_of_hub', `${data} belongs to a hub`, {
      path: data,
      hint: 'Give the services a data directory of their own with --data.',
    });
  const lock = lockData(data);
  const wanted = listeners.filter((name) => isWanted(name, options.services));
  try {
    const secrets = loadSecrets(data);
    for (let round = 1; ; round++) {
      const { ports, any } = await choosePorts(data, host, wanted, options.port);
      const services = new Services(options, secrets, ports);
      try {
        const stack = await services.start();
        keepPorts(data, ports);
        writeEnv(data, stack.settings);
        return { ...stack, stop: () => services.stop().finally(() => lock.release()) };
      } catch (error) {
        await services.stop();
        if (codeOf(error) !== 'port_in_use' || !any || round === portRounds) throw error;
      }
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

function isWanted(name: Listener, services: ReadonlySet<ServiceName>): boolean {
  if (name === 'https') return services.has('files');
  return services.has(name) || (name === 'functions' && services.has('durable'));
}
