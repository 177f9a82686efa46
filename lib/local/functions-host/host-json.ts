// host.json, parsed once and whole: what it does not say gets the default of Microsoft's host, and a value that it says
// wrongly is an error of the host, not a default.
import { type DurableSettings, durableSettingsOf } from './durable-settings.ts';
import type { RetryOptions } from './rpc.ts';
import { parseTimeSpan } from './time-span.ts';

export interface ServiceBusSettings {
  readonly prefetchCount: number;
  readonly autoCompleteMessages: boolean;
  readonly maxAutoLockRenewalMs: number;
  readonly maxConcurrentCalls: number;
  readonly maxConcurrentSessions: number;
  readonly maxConcurrentCallsPerSession: number;
  readonly maxMessageBatchSize: number;
  readonly minMessageBatchSize: number;
  readonly maxBatchWaitMs: number;
  readonly sessionIdleMs: number;
}

export interface HostSettings {
  readonly functionTimeoutMs: number;
  readonly routePrefix: string;
  readonly maxConcurrentRequests: number;
  readonly maxOutstandingRequests: number;
  /** For every function without a policy of its own, whatever its trigger. */
  readonly retry: RetryOptions | undefined;
  readonly serviceBus: ServiceBusSettings;
  readonly durable: DurableSettings;
  /** Log levels by category prefix; `default` is the one for the rest. */
  readonly logLevel: Readonly<Record<string, string>>;
}

export class HostJsonError extends Error {}

const minute = 60_000;
const wrongHubName = (name: string): string =>
  `Task hub name '${name}' must be 3 to 45 letters and digits, and begin with a letter.`;
const noExtendedSessions =
  "Durable Functions with extendedSessionsEnabled set to 'true' is only supported when using the in-process or isolated .NET worker. Please remove the setting or change it to 'false'.";

/** Errors: HostJsonError, naming the setting. */
export function parseHostJson(json: unknown, cores: number): HostSettings {
  const root = new Section('host.json', json);
  const version = root.text('version', '2.0');
  if (version !== '2.0')
    throw new HostJsonError(`The host.json file is missing the required 'version' property "2.0".`);
  const extensions = root.section('extensions');
  const http = extensions.section('http');
  const durable = durableSettingsOf(extensions.section('durableTask'), cores);
  if (durable.hubName !== undefined && !/^[A-Za-z][A-Za-z0-9]{2,44}$/.test(durable.hubName))
    throw new HostJsonError(wrongHubName(durable.hubName));
  if (durable.extendedSessions) throw new HostJsonError(noExtendedSessions);
  return {
    functionTimeoutMs: root.limit('functionTimeout', 30 * minute),
    routePrefix: http.text('routePrefix', 'api').replace(/^\/+|\/+$/g, ''),
    maxConcurrentRequests: unlimited(http.number('maxConcurrentRequests', -1)),
    maxOutstandingRequests: unlimited(http.number('maxOutstandingRequests', -1)),
    retry: retryOf(root.section('retry')),
    serviceBus: serviceBusOf(extensions.section('serviceBus'), cores),
    durable,
    logLevel: root.section('logging').section('logLevel').texts(),
  };
}

/** The names before extension 5 (`messageHandlerOptions` and so on) are still read; the newer name wins. */
function serviceBusOf(section: Section, cores: number): ServiceBusSettings {
  const message = section.section('messageHandlerOptions');
  const session = section.section('sessionHandlerOptions');
  const batch = section.section('batchOptions');
  const renewal = message.duration('maxAutoRenewDuration', session.duration('maxAutoRenewDuration', 5 * minute));
  const complete = message.flag('autoComplete', session.flag('autoComplete', batch.flag('autoComplete', true)));
  const tryTimeout = section.section('clientRetryOptions').duration('tryTimeout', minute);
  return {
    prefetchCount: section.number('prefetchCount', 0),
    autoCompleteMessages: section.flag('autoCompleteMessages', complete),
    maxAutoLockRenewalMs: section.duration('maxAutoLockRenewalDuration', renewal),
    maxConcurrentCalls: section.number('maxConcurrentCalls', message.number('maxConcurrentCalls', 16 * cores)),
    maxConcurrentSessions: section.number('maxConcurrentSessions', session.number('maxConcurrentSessions', 8)),
    maxConcurrentCallsPerSession: section.number('maxConcurrentCallsPerSession', 1),
    maxMessageBatchSize: section.number('maxMessageBatchSize', batch.number('maxMessageCount', 1000)),
    minMessageBatchSize: section.number('minMessageBatchSize', 1),
    maxBatchWaitMs: section.duration('maxBatchWaitTime', 30_000),
    sessionIdleMs: section.duration('sessionIdleTimeout', session.duration('messageWaitTimeout', tryTimeout)),
  };
}

function retryOf(section: Section): RetryOptions | undefined {
  const retryStrategy = section.text('strategy', '');
  if (retryStrategy === '') return undefined;
  const seconds = (key: string): { seconds: number } => ({ seconds: Math.round(section.duration(key, 0) / 1000) });
  return {
    retryStrategy,
    maxRetryCount: section.number('maxRetryCount', 0),
    delayInterval: seconds('delayInterval'),
    minimumInterval: seconds('minimumInterval'),
    maximumInterval: seconds('maximumInterval'),
  };
}

function unlimited(value: number): number {
  return value < 0 ? Infinity : value;
}

/** One object of the file; keys are found whatever their case, as .NET binds them. */
export class Section {
  readonly #path: string;
  readonly #values = new Map<string, unknown>();

  constructor(path: string, json: unknown) {
    this.#path = path;
    if (json === undefined || json === null) return;
    if (typeof json !== 'object' || Array.isArray(json)) throw new HostJsonError(`${path} is not an object`);
    for (const [key, value] of Object.entries(json)) this.#values.set(key.toLowerCase(), value);
  }

  section(key: string): Section {
    return new Section(`${this.#path}: ${key}`, this.#values.get(key.toLowerCase()));
  }

  text(key: string, otherwise: string): string {
    const value = this.#values.get(key.toLowerCase()) ?? otherwise;
    if (typeof value !== 'string') throw this.#wrong(key, 'a text');
    return value;
  }

  number(key: string, otherwise: number): number {
    const value = this.#values.get(key.toLowerCase()) ?? otherwise;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.#wrong(key, 'a number');
    return value;
  }

  flag(key: string, otherwise: boolean): boolean {
    const value = this.#values.get(key.toLowerCase()) ?? otherwise;
    if (typeof value !== 'boolean') throw this.#wrong(key, 'true or false');
    return value;
  }

  /** In milliseconds. */
  duration(key: string, otherwise: number): number {
    const text = this.#values.get(key.toLowerCase());
    if (text === undefined || text === null) return otherwise;
    const ms = typeof text === 'string' ? parseTimeSpan(text) : undefined;
    if (ms === undefined) throw this.#wrong(key, 'a time span such as "00:05:00"');
    return ms;
  }

  /** A duration, or Infinity where the file says -1. */
  limit(key: string, otherwise: number): number {
    return this.#values.get(key.toLowerCase()) === '-1' ? Infinity : this.duration(key, otherwise);
  }

  texts(): Record<string, string> {
    return Object.fromEntries([...this.#values].map(([key]) => [key, this.text(key, '')]));
  }

  #wrong(key: string, wanted: string): HostJsonError {
    return new HostJsonError(`${this.#path}: ${key} must be ${wanted}`);
  }
}
