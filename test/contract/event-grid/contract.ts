// What a topic promises its publishers, asked of the embedded one and of that which TIDEWAY_TEST_EVENT_GRID names. What
// subscribers get is asked of the embedded one alone: Azure delivers to public addresses only.
import { describe, jest } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEventGrid } from '../../../lib/local/event-grid/service.ts';
import { started } from '../started.ts';

interface Topic {
  readonly url: string;
  readonly key: string;
  stop(): Promise<void>;
}

const setting = 'TIDEWAY_TEST_EVENT_GRID';

/** Registers the cases for the embedded topic, and once more for the topic of the setting. */
export function eventGridContract(cases: (topic: Topic) => void): void {
  describe('the embedded Event Grid', () => {
    cases(started(embedded, 'all'));
  });
  const text = process.env[setting] ?? '';
  if (text === '') return;
  const [, url, key] = /^Endpoint=([^;]+);AccessKey=([^;]+);?$/.exec(text) ?? [];
  if (url === undefined || key === undefined) throw new Error(`${setting} must be Endpoint=...;AccessKey=...`);
  jest.setTimeout(300_000);
  describe(`the topic of ${setting}`, () => {
    cases({ url, key, stop: () => Promise.resolve() });
  });
}

async function embedded(): Promise<Topic> {
  const folder = mkdtempSync(join(tmpdir(), 'event-grid-'));
  const key = Buffer.from('a key of the topic, of 32 bytes.').toString('base64');
  const file = join(folder, 'events.db');
  const service = await startEventGrid({ file, topic: { name: 'tideway', key }, subscriptions: [] });
  const stop = async (): Promise<void> => {
    await service.stop();
    rmSync(folder, { recursive: true });
  };
  return { url: service.url, key, stop };
}
