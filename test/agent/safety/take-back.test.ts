// What was on its way when a site halted, and was put right before a person resumed, does not reach the others.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Backend } from '../../../lib/agent/backend.ts';
import type { Envelope } from '../../../lib/protocol/message.ts';
import { FakeCloud } from '../../support/fake-backend.ts';
import { converge, halted, TestSite, until } from '../rig.ts';

const massChange = { code: 'mass_change' as const, at: 1, changed: 1200, files: 4000 };
const names = Array.from({ length: 5 }, (_, n) => `${n}`);
let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;
let dir: string;
/** Messages of Paris, from the first one after the files were in step. */
let sent: Envelope[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tideway-take-back-'));
  cloud = new FakeCloud();
  paris = new TestSite(cloud, 'paris');
  tokyo = new TestSite(cloud, 'tokyo');
  put('old');
  await start();
  await tokyo.start();
  await converge(cloud, paris, tokyo);
  sent = [];
});

afterEach(async () => {
  await paris.agent?.stop();
  await tokyo.agent?.stop();
  rmSync(dir, { recursive: true });
});

async function start(): Promise<void> {
  const backend = cloud.backend('paris');
  const noted: Backend = {
    ...backend,
    send: (envelope) => {
      sent?.push(envelope);
      return backend.send(envelope);
    },
  };
  await paris.start({ stateFile: join(dir, 'paris.db'), backend: noted });
}

function put(text: string): void {
  paris.user.mkdirp('d');
  for (const name of names) paris.user.writeFile(`d/${name}`, `${text} ${name}`);
}

/** The backend holds Paris back from its next message on. */
function holdAtNext(): void {
  cloud.hook = (call) => {
    if (call !== 'paris send') return;
    cloud.hook = () => {};
    cloud.held.set('paris', massChange);
  };
}

/** What the log says of Paris from then on, but for what was nothing. */
const rowsSince = (seq: number): readonly string[] =>
  cloud.namespace.log.slice(seq).flatMap(({ op, outcome }) => (op === 'none' ? [] : [`${op} ${outcome}`]));
const ids = (): readonly string[] => [...cloud.namespace.nodes.keys()].toSorted();

const disasters: readonly (readonly [string, () => void])[] = [
  ['every file is encrypted', () => put('encrypted')],
  ['every file is deleted', () => names.forEach((name) => paris.user.rm(`d/${name}`))],
  ['the directory is deleted', () => paris.user.rm('d')],
];

describe.each(disasters)('%s, and it is held', (_, happens) => {
  test.each([
    ['the same process', false],
    ['another process', true],
  ])('put right before a person resumes (%s): no site and no row tells of it', async (_which, restarts) => {
    const [seq, before] = [cloud.namespace.seq, ids()];
    holdAtNext();
    happens();
    await halted(paris, 'mass_change');
    await until('it has seen all of it', () => Number(paris.agent!.status().pendingUploads) > 0);
    if (restarts) {
      await paris.agent!.stop();
      await start();
      await halted(paris, 'mass_change');
    }
    put('old');
    await paris.agent!.resume();
    await converge(cloud, paris, tokyo);
    // The times are new ones.
    expect(rowsSince(seq).filter((row) => row !== 'attributes applied')).toEqual([]);
    expect([ids(), [...tokyo.tree()]]).toEqual([before, [...paris.tree()]]);
    expect(tokyo.tree().get('d/3')).toBe('old 3');
  });

  test('and meant: all of it goes on', async () => {
    holdAtNext();
    happens();
    await halted(paris, 'mass_change');
    await paris.agent!.resume();
    await converge(cloud, paris, tokyo);
    expect([...tokyo.tree()]).toEqual([...paris.tree()]);
    expect([...tokyo.tree().values()].filter((text) => text?.startsWith('old'))).toEqual([]);
  });

  test('a message that comes late is committed all the same, and what was put right follows it', async () => {
    holdAtNext();
    happens();
    await halted(paris, 'mass_change');
    await until('it was sent', () => sent.length > 0);
    put('old');
    cloud.hook = (call) => {
      if (call === 'paris release:after') for (const envelope of sent.splice(0)) cloud.deliver(envelope);
    };
    await paris.agent!.resume();
    await converge(cloud, paris, tokyo);
    expect([paris.agent!.halt, [...tokyo.tree()]]).toEqual([undefined, [...paris.tree()]]);
    expect(names.map((name) => tokyo.tree().get(`d/${name}`))).toEqual(names.map((name) => `old ${name}`));
  });
});

test('deletes that had a number when the root was found emptied are not sent when it is whole again', async () => {
  const before = ids();
  // Nothing gets through while the root goes, so that the deletes wait in the outbox.
  cloud.hook = (call) => {
    if (call === 'paris send') throw Object.assign(new Error('no network'), { code: 'offline' });
  };
  const [last, ...first] = names;
  for (const name of first) paris.user.rm(`d/${name}`);
  await until(
    'they have a number',
    () => Number(paris.agent!.counters()['operations']) === names.length + 1 + first.length,
  );
  paris.user.rm('.tideway');
  paris.user.rm(`d/${last}`);
  await halted(paris, 'root_emptied');
  cloud.hook = () => {};
  put('old');
  await paris.agent!.resume();
  await converge(cloud, paris, tokyo);
  expect([ids(), tokyo.tree().get('d/2')]).toEqual([before, 'old 2']);
});
