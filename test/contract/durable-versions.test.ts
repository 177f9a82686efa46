// Versions of orchestrations: whose is taken by a host of which one.
import { describe, expect, jest, test } from '@jest/globals';
import { type Df, DurableApp, sharedApp, startDurableHost } from '../support/durable.ts';

jest.setTimeout(30_000);

const app = sharedApp();

describe('versions', () => {
  const versioned = { version: '2.0', extensions: { durableTask: { defaultVersion: '1.5' } } };

  test('come from the start, else from host.json, and go on to sub-orchestrations', async () => {
    const own = await startDurableHost({ hostJson: versioned });
    try {
      const mine = new DurableApp(own);
      const of = async (query: string): Promise<unknown> => {
        const response = await mine.http('POST', `orchestrators/versioned${query}`, { body: '1' });
        return (await mine.end(((await response.json()) as { id: string }).id)).output;
      };
      expect([await of(''), await of('?version=1.2')]).toEqual(['1.5', '1.2']);
      const given = (await mine.client('startNew', 'versioned', { version: '1.3' })) as string;
      expect((await mine.end(given)).output).toBe('1.3');
      const output = await mine.result(function* (df) {
        return [
          yield df.callSubOrchestrator('versioned'),
          yield df.callSubOrchestrator('versioned', 1, undefined, '1.0'),
          df.state.filter((event: Df) => event.EventType === 7).map((event: Df) => event.Version),
        ];
      });
      expect(output).toEqual(['1.5', '1.0', ['1.5', '1.0']]);
      // Newer than this host takes: it waits for one that does.
      const newer = (await mine.client('startNew', 'versioned', { version: '2.0' })) as string;
      const after = (await mine.client('startNew', 'versioned')) as string;
      await mine.end(after);
      expect((await mine.status(newer)).runtimeStatus).toBe('Pending');
      await mine.client('terminate', newer, 'x');
      expect((await mine.end(newer)).runtimeStatus).toBe('Terminated');
    } finally {
      await own.stop();
    }
  });

  test('that are not taken fail where host.json says so', async () => {
    const own = await startDurableHost({
      hostJson: {
        version: '2.0',
        extensions: { durableTask: { defaultVersion: '1.5', versionFailureStrategy: 'Fail' } },
      },
    });
    try {
      const mine = new DurableApp(own);
      const newer = (await mine.client('startNew', 'versioned', { version: '1.10' })) as string;
      const { output, historyEvents } = await mine.end(newer, '?showHistory=true&showHistoryOutput=true');
      expect(output).toBe('VersionMismatch: Orchestration version did not comply with Worker Versioning');
      expect(historyEvents?.at(-1)).toEqual({
        EventType: 'ExecutionCompleted',
        OrchestrationStatus: 'Failed',
        Result: null,
        FailureDetails: {
          ErrorType: 'VersionMismatch',
          ErrorMessage: 'Orchestration version did not comply with Worker Versioning',
          StackTrace: null,
          InnerFailure: null,
          IsNonRetriable: true,
          Properties: null,
        },
        Timestamp: expect.any(String),
      });
      const older = (await mine.client('startNew', 'versioned', { version: '1.4.9' })) as string;
      expect((await mine.end(older)).output).toBe('1.4.9');
    } finally {
      await own.stop();
    }
  });

  test('are none without one in host.json, and what has one is for another host', async () => {
    const one = (await app.client('startNew', 'versioned', { version: '1.0' })) as string;
    const id = (await app.client('startNew', 'versioned')) as string;
    expect((await app.end(id)).output).toBeNull();
    expect((await app.status(one)).runtimeStatus).toBe('Pending');
    await app.client('terminate', one, 'enough');
    expect((await app.end(one)).output).toBe('enough');
  });
});
