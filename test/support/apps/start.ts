import { join } from 'node:path';
import type { Log } from '../../../lib/base/log.ts';
import {
  type FunctionsHost,
  type FunctionsHostOptions,
  startFunctionsHost,
} from '../../../lib/local/functions-host/host.ts';

export const keys = { master: 'master-key', function: 'function-key', system: 'system-key' };

export interface Line {
  readonly level: string;
  readonly category: string;
  readonly message: string;
}

/** Collects the host's log lines; `until` waits for one that fits, now or later. */
export class Lines {
  readonly all: Line[] = [];
  #waiting: (() => void)[] = [];

  get log(): Log {
    const at =
      (level: string) =>
      (_event: string, fields: Readonly<Record<string, unknown>> = {}) => {
        this.all.push({ level, category: String(fields['category']), message: String(fields['message']) });
        for (const check of this.#waiting) check();
      };
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }

  /** The first `count` lines whose message fits. The test's own time limit is the bound. */
  until(pattern: RegExp, count = 1): Promise<Line[]> {
    return new Promise((resolve) => {
      const check = (): void => {
        const found = this.all.filter(({ message }) => pattern.test(message));
        if (found.length < count) return;
        this.#waiting = this.#waiting.filter((one) => one !== check);
        resolve(found.slice(0, count));
      };
      this.#waiting.push(check);
      check();
    });
  }
}

const typescript = { dir: join(import.meta.dirname, 'typescript'), entries: ['functions.ts'] };
export const commonjs = { dir: join(import.meta.dirname, 'commonjs') };

export function startHost(options: Partial<FunctionsHostOptions> = {}): Promise<FunctionsHost> {
  return startFunctionsHost({
    app: typescript,
    hostJson: { version: '2.0' },
    keys,
    ...options,
    settings: {
      SCHEDULE: '0 0 0 1 1 *',
      'AzureWebJobs.disabled.Disabled': 'true',
      'AzureWebJobs.off.Disabled': 'true',
      ...options.settings,
    },
  });
}
