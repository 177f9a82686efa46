import { describe, expect, test } from '@jest/globals';
import { AppSettings } from '../../../lib/local/functions-host/app-settings.ts';
import { parseHostJson } from '../../../lib/local/functions-host/host-json.ts';
import { formatTimeSpan, parseTimeSpan } from '../../../lib/local/functions-host/time-span.ts';

describe('host.json', () => {
  test('what it does not say has the defaults of Microsoft’s host', () => {
    expect(parseHostJson({ version: '2.0' }, 2)).toEqual({
      functionTimeoutMs: 1_800_000,
      routePrefix: 'api',
      maxConcurrentRequests: Infinity,
      maxOutstandingRequests: Infinity,
      retry: undefined,
      logLevel: {},
      serviceBus: {
        prefetchCount: 0,
        autoCompleteMessages: true,
        maxAutoLockRenewalMs: 300_000,
        maxConcurrentCalls: 32,
        maxConcurrentSessions: 8,
        maxConcurrentCallsPerSession: 1,
        maxMessageBatchSize: 1000,
        minMessageBatchSize: 1,
        maxBatchWaitMs: 30_000,
        sessionIdleMs: 60_000,
      },
      durable: {
        hubName: undefined,
        maxActivities: 20,
        maxOrchestrators: 20,
        maxEntities: 20,
        maxActions: 100_000,
        httpPollMs: 30_000,
        defaultVersion: null,
        versionMatchStrategy: 'currentorolder',
        failsOnVersion: false,
        overridesRunning: false,
        extendedSessions: false,
      },
    });
  });

  test.each(['my-hub', '1hub', 'ab', '../hub', 'x'.repeat(46)])('a task hub is not named %s', (hubName) => {
    expect(() => parseHostJson({ version: '2.0', extensions: { durableTask: { hubName } } }, 2)).toThrow(
      `Task hub name '${hubName}' must be 3 to 45 letters and digits, and begin with a letter.`,
    );
  });

  test('durable sessions, which Node has none of, keep the host from starting', () => {
    const durableTask = { extendedSessionsEnabled: true };
    expect(() => parseHostJson({ version: '2.0', extensions: { durableTask } }, 2)).toThrow(
      "Durable Functions with extendedSessionsEnabled set to 'true' is only supported when using the in-process or isolated .NET worker. Please remove the setting or change it to 'false'.",
    );
  });

  test('names ignore case, older names are still read, and newer ones win', () => {
    const { serviceBus } = parseHostJson(
      {
        version: '2.0',
        Extensions: {
          ServiceBus: {
            maxConcurrentSessions: 3,
            clientRetryOptions: { tryTimeout: '00:00:20' },
            messageHandlerOptions: { autoComplete: false, maxConcurrentCalls: 7, maxAutoRenewDuration: '00:10:00' },
            sessionHandlerOptions: { maxConcurrentSessions: 9 },
            batchOptions: { maxMessageCount: 10 },
          },
        },
      },
      2,
    );
    expect(serviceBus).toMatchObject({
      autoCompleteMessages: false,
      maxConcurrentCalls: 7,
      maxAutoLockRenewalMs: 600_000,
      maxConcurrentSessions: 3,
      maxMessageBatchSize: 10,
      sessionIdleMs: 20_000,
    });
  });

  test('a retry policy in whole seconds', () => {
    const retry = {
      strategy: 'exponentialBackoff',
      maxRetryCount: 5,
      minimumInterval: '00:00:03',
      maximumInterval: '00:15:00',
    };
    expect(parseHostJson({ version: '2.0', retry }, 2).retry).toEqual({
      retryStrategy: 'exponentialBackoff',
      maxRetryCount: 5,
      delayInterval: { seconds: 0 },
      minimumInterval: { seconds: 3 },
      maximumInterval: { seconds: 900 },
    });
  });

  test.each([
    [{ version: '1.0' }, "required 'version' property"],
    [{ version: '2.0', functionTimeout: 5 }, 'functionTimeout must be a time span'],
    [{ version: '2.0', functionTimeout: '25:00:00' }, 'functionTimeout must be a time span'],
    [{ version: '2.0', extensions: [] }, 'extensions is not an object'],
    [
      { version: '2.0', extensions: { serviceBus: { maxConcurrentCalls: '16' } } },
      'serviceBus: maxConcurrentCalls must be a number',
    ],
    [{ version: '2.0', extensions: { serviceBus: { autoCompleteMessages: 1 } } }, 'must be true or false'],
  ])('%j is an error of the host', (json, message) => {
    expect(() => parseHostJson(json, 2)).toThrow(message);
  });

  test('no time limit at all', () => {
    expect(parseHostJson({ version: '2.0', functionTimeout: '-1' }, 2).functionTimeoutMs).toBe(Infinity);
  });
});

describe('time spans', () => {
  test.each([
    ['00:00:05', 5_000],
    ['1.02:03:04', 93_784_000],
    ['00:00:00.2500000', 250],
    ['23:59:59', 86_399_000],
  ])('%s', (text, ms) => {
    expect(parseTimeSpan(text)).toBe(ms);
    expect(formatTimeSpan(ms)).toBe(text);
  });

  test.each(['', '5', '24:00:00', '00:60:00', '00:00', 'x'])('"%s" is none', (text) => {
    expect(parseTimeSpan(text)).toBeUndefined();
  });
});

describe('app settings', () => {
  const settings = new AppSettings({
    Queue: 'changes',
    AzureWebJobsBus: 'a',
    Bus: 'b',
    Other: 'c',
    'AzureWebJobs.f.Disabled': 'True',
    AzureWebJobs_g_Disabled: '1',
  });

  test('fill in what a binding names', () => {
    expect(settings.resolve('%queue%-%Other%')).toBe('changes-c');
    expect(settings.resolve('50%')).toBe('50%');
    expect(() => settings.resolve('%Nowhere%')).toThrow("'%Nowhere%' does not resolve to a value.");
  });

  test('hold connections, the one with the prefix first', () => {
    expect([settings.connection('Bus'), settings.connection('Other')]).toEqual(['a', 'c']);
    expect(() => settings.connection('Missing')).toThrow("The connection string 'Missing' is missing or empty.");
  });

  test('switch functions off', () => {
    expect(['f', 'g', 'h'].map((name) => settings.isDisabled(name))).toEqual([true, true, false]);
  });
});
