import type { Log } from '../../base/log.ts';
import type { LogLevel } from './rpc.ts';

const ranks: Readonly<Record<LogLevel, number>> = {
  trace: 0,
  debug: 1,
  information: 2,
  warning: 3,
  error: 4,
  critical: 5,
  none: 6,
};

/** Log lines of host, functions and worker by category; the `logging.logLevel` of host.json drops what is below it. */
export class HostLog {
  readonly #log: Log;
  /** Least rank by category prefix in lower case, longest prefix first. */
  readonly #least: readonly (readonly [prefix: string, rank: number])[];

  constructor(log: Log, levels: Readonly<Record<string, string>> = {}) {
    this.#log = log;
    this.#least = Object.entries(levels)
      .map(([prefix, level]) => [prefix === 'default' ? '' : prefix.toLowerCase(), rankOf(level)] as const)
      .sort(([a], [b]) => b.length - a.length);
  }

  write(category: string, level: LogLevel, message: string, invocationId?: string): void {
    if (ranks[level] < this.#leastOf(category)) return;
    const fields = { category, message, ...(invocationId === undefined ? {} : { invocationId }) };
    if (level === 'critical' || level === 'error') this.#log.error('function_log', fields);
    else if (level === 'warning') this.#log.warn('function_log', fields);
    else if (level === 'information') this.#log.info('function_log', fields);
    else this.#log.debug('function_log', fields);
  }

  #leastOf(category: string): number {
    const name = category.toLowerCase();
    return this.#least.find(([prefix]) => name.startsWith(prefix))?.[1] ?? ranks.information;
  }
}

function rankOf(level: string): number {
  const name = level.toLowerCase();
  return Object.entries(ranks).find(([known]) => known === name)?.[1] ?? ranks.information;
}
