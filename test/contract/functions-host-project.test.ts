// The project's own functions under everything that their host may do to them: two processes for one app, messages and
// events that come twice, late or after minutes, processes killed at every step, a host that drains or stops in the middle.
import { ServiceBusClient } from '@azure/service-bus';
import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startEventGrid } from '../../lib/local/event-grid/service.ts';
import { LiveCloud, type LiveEndpoint, until } from '../support/live-cloud.ts';

jest.setTimeout(60_000);
let cloud: LiveCloud;
let paris: LiveEndpoint;
let names = 0;
const fresh = (): string => `file-${++names}`;

beforeAll(async () => {
  cloud = await LiveCloud.start({ FUNCTIONS_WORKER_PROCESS_COUNT: '2', TIDEWAY_TICK: '*/1 * * * * *' });
  paris = await cloud.endpoint('paris');
});

afterAll(async () => {
  await paris.close();
  await cloud.stop();
});

/** After each scene all is well: nothing half done, nothing untold, log and share agree, every number has one outcome. */
afterEach(async () => {
  await cloud.faults.clear();
  await paris.settled();
  await until('all is told', () => cloud.isQuiet());
  expect(await cloud.wrong()).toEqual([]);
});

/** A commit has come to the fault at its rename: it is in the middle. */
const met = (): number => cloud.faults.struck()['files'] ?? 0;
const renaming = (before: number): Promise<unknown> => until('a rename', () => met() > before);

const outcomes = async (count: number): Promise<readonly string[]> =>
  (await paris.settled()).slice(-count).map((row) => row.outcome);

/** New files and an edit of the first, as one message. */
async function sendMixed(): Promise<void> {
  const [first, second] = [await paris.create(fresh(), 'one'), await paris.create(fresh(), 'two')];
  await paris.send(paris.seal(first, second));
  await paris.settled();
  await paris.send(paris.seal(await paris.edit(first.node, first.name, 'one, edited')));
}

describe('messages', () => {
  test('that come twice each, the first lock lost', async () => {
    await cloud.faults.set({ on: 'service-bus', entity: 'changes', do: 'duplicate', times: 2 });
    await sendMixed();
    expect(await outcomes(3)).toEqual(['applied', 'applied', 'applied']);
  });

  test('that two processes run at the same time', async () => {
    await cloud.faults.set({ on: 'functions', line: '^INVOKE commit', fault: { kind: 'duplicate' }, times: 2 });
    await sendMixed();
    expect(await outcomes(3)).toEqual(['applied', 'applied', 'applied']);
  });

  test('that come again long after, when newer versions are there', async () => {
    const created = await paris.create(fresh(), 'old');
    const message = paris.seal(created);
    await paris.send(message);
    await paris.settled();
    await paris.send(paris.seal(await paris.edit(created.node, created.name, 'new')));
    const before = (await paris.settled()).length;
    await paris.send(message);
    await paris.send(paris.seal(await paris.create(fresh(), 'after it')));
    expect(await paris.settled()).toHaveLength(before + 1);
  });

  test('whose committer is slow, loses its session, and goes on beside the next one', async () => {
    const struck = met();
    await cloud.faults.set({ on: 'files', line: 'comp=rename', fault: { kind: 'delay', ms: 400 } });
    await paris.send(paris.seal(await paris.create(fresh(), 'slow')));
    await renaming(struck);
    await cloud.faults.set({ on: 'service-bus', entity: 'changes', do: 'lose-locks' });
    expect(await outcomes(1)).toEqual(['applied']);
  });

  test('that were handled, but nobody knows', async () => {
    const line = { on: 'functions', line: '^INVOKE commit' };
    await cloud.faults.set({ ...line, fault: { kind: 'status', status: 0, code: '', when: 'after' }, times: 2 });
    await sendMixed();
    expect(await outcomes(3)).toEqual(['applied', 'applied', 'applied']);
  });
});

describe('a process killed', () => {
  test.each([
    ['when a message was handled', { on: 'functions', line: '^INVOKE commit' }, 'after'],
    ['before the intent', { on: 'tables', line: '^POST .*\\$batch' }, 'before'],
    ['after the intent', { on: 'tables', line: '^POST .*\\$batch' }, 'after'],
    ['before the file is in its place', { on: 'files', line: 'comp=rename' }, 'before'],
    ['after the file is in its place', { on: 'files', line: 'comp=rename' }, 'after'],
    ['before the hint', { on: 'service-bus', line: '^send sites' }, 'before'],
  ])('%s (%s)', async (_, line, when) => {
    const restarts = cloud.azure.functions.counters.workerRestarts;
    await cloud.faults.set({ ...line, fault: { kind: 'crash', process: 'functions', when } });
    await paris.send(paris.seal(await paris.create(fresh(), 'x')));
    expect(await outcomes(1)).toEqual(['applied']);
    await until('a new process', () => cloud.azure.functions.counters.workerRestarts > restarts);
  });
});

describe('events', () => {
  const announce = async (path: string, url = cloud.settings['EVENTGRID_TOPIC_ENDPOINT'] ?? ''): Promise<void> => {
    const key = new AzureKeyCredential(cloud.settings['EVENTGRID_TOPIC_KEY'] ?? '');
    const insecure = { allowInsecureConnection: true };
    const topic = new EventGridPublisherClient(url, 'CloudEvent', key, insecure);
    await topic.send([{ type: 'Tideway.ShareChanged', source: '/test', data: { path } }]);
    // And by a publisher of the older schema.
    const classic = new EventGridPublisherClient(url, 'EventGrid', key, insecure);
    await classic.send([{ eventType: 'Tideway.ShareChanged', subject: 's', dataVersion: '1', data: { path } }]);
  };

  test('that are lost: the timer tells what was committed', async () => {
    await cloud.faults.set({ on: 'event-grid', subscription: 'fan-out', do: 'pause' });
    await paris.send(paris.seal(await paris.create(fresh(), 'told late')));
    await paris.settled();
    await until('all is told', () => cloud.isQuiet());
  });

  test('that Event Grid can only put into a queue: the same is told, and what is no event is dropped', async () => {
    await cloud.faults.set({ on: 'event-grid', subscription: 'fan-out', do: 'pause' });
    await cloud.faults.set({
      on: 'functions',
      line: '^INVOKE tick',
      fault: { kind: 'drop', when: 'before' },
      times: 'always',
    });
    await paris.send(paris.seal(await paris.create(fresh(), 'told by the queue')));
    await paris.settled();
    const client = new ServiceBusClient(cloud.settings['SERVICEBUS_CONNECTION_STRING'] ?? '');
    const sender = client.createSender('events');
    const event = {
      specversion: '1.0',
      type: 'Tideway.ChangesCommitted',
      source: '/s',
      id: '1',
      data: { group: 'team' },
    };
    await sender.sendMessages([{ body: { type: 'Another' } }, { body: Buffer.from('no JSON') }, { body: event }]);
    await until('all is told', () => cloud.isQuiet());
    await client.close();
  });

  test('that Event Grid itself brings to the queue, where it may not call the app', async () => {
    const topic = await startEventGrid({
      file: ':memory:',
      topic: { name: 'private', key: cloud.settings['EVENTGRID_TOPIC_KEY'] ?? '' },
      serviceBus: cloud.settings['SERVICEBUS_CONNECTION_STRING'],
      subscriptions: [
        {
          name: 'share-changed',
          endpoint: 'servicebus:events',
          deliverySchema: 'CloudEventSchemaV1_0',
          includedEventTypes: ['Tideway.ShareChanged'],
        },
      ],
    });
    try {
      const name = fresh();
      await cloud.share.rootDirectoryClient.getFileClient(name).create(0);
      await announce(name, topic.url);
      await until('the file is found', async () => JSON.stringify(await cloud.rows()).includes(`"${name}"`));
      await until('both events are delivered', () => topic.counters.delivered === 2);
    } finally {
      await topic.stop();
    }
  });

  test('of one edit on the share, told in both schemas, each delivered and run twice at once: one file, found once', async () => {
    const name = fresh();
    const file = cloud.share.rootDirectoryClient.getFileClient(name);
    await file.create(4);
    await file.uploadRange('four', 0, 4);
    await cloud.faults.set([
      { on: 'event-grid', line: '^DELIVER share-changed', fault: { kind: 'duplicate' }, times: 2 },
      { on: 'functions', line: '^INVOKE (shareChanged|commit)', fault: { kind: 'duplicate' }, times: 6 },
    ]);
    await announce(name);
    const found = async () => (await cloud.rows()).filter((row) => JSON.stringify(row.effects).includes(`"${name}"`));
    await until('the file is found', async () => (await found()).length > 0);
    // What the same announcements still bring is done before the next message of the group is.
    await paris.send(paris.seal(await paris.create(fresh(), 'after it')));
    await paris.settled();
    expect(await found()).toHaveLength(1);
  });
});

describe('the end of a host in the middle of a commit', () => {
  test('draining lets it finish, and what comes later waits for the next host', async () => {
    const struck = met();
    await cloud.faults.set({ on: 'files', line: 'comp=rename', fault: { kind: 'delay', ms: 100 } });
    await paris.send(paris.seal(await paris.create(fresh(), 'in the middle')));
    await renaming(struck);
    await cloud.azure.functions.drain();
    expect(await outcomes(1)).toEqual(['applied']);
    await paris.send(paris.seal(await paris.create(fresh(), 'later')));
    await cloud.restart();
    expect(await outcomes(1)).toEqual(['applied']);
  });

  test('stopped for good in spite of it, the next host finishes', async () => {
    const struck = met();
    await cloud.faults.set({ on: 'files', line: 'comp=rename', fault: { kind: 'delay', ms: 3_000 } });
    await paris.send(paris.seal(await paris.create(fresh(), 'cut off')));
    await renaming(struck);
    await cloud.restart();
    expect(await outcomes(1)).toEqual(['applied']);
  });
});
