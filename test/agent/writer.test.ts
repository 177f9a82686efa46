// Programs that write while the agent reads: what is sent is one state of the file, and the last one comes (I18).
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { FakeCloud } from '../support/fake-backend.ts';
import { RealSite } from './real-site.ts';
import { until } from './rig.ts';

const long = 20_000;
let base: string;
let cloud: FakeCloud;
let paris: RealSite;
/** Every content that was ever committed. */
let committed: Buffer[];

beforeEach(async () => {
  base = mkdtempSync(path.join(tmpdir(), 'tideway-writer-'));
  mkdirSync(path.join(base, 'site'));
  cloud = new FakeCloud();
  committed = [];
  const commit = cloud.namespace.commit.bind(cloud.namespace);
  cloud.namespace.commit = (by, operation, staged) => {
    if (staged !== undefined) committed.push(Buffer.from(staged.bytes));
    return commit(by, operation, staged);
  };
  paris = await RealSite.open(cloud, 'paris', path.join(base, 'site'), base);
  await paris.start();
});

afterEach(async () => {
  await paris[Symbol.asyncDispose]();
  rmSync(base, { recursive: true });
});

/** Written from the front: one round up to some point, the one before it from there on. */
function isState(bytes: Buffer): boolean {
  const round = bytes[0] ?? 0;
  const rest = bytes.findIndex((byte) => byte !== round);
  return rest === -1 || bytes.subarray(rest).equals(Buffer.alloc(bytes.length - rest, round - 1));
}

test.each([
  ['small', 2 ** 20],
  ['large', 10 * 2 ** 20],
])(
  'a %s file that is rewritten in place again and again is sent in one of its states, and at last in the last',
  async (_, size) => {
    const file = paris.path('f');
    const program = `
    const fs = require('node:fs');
    const fd = fs.openSync(${JSON.stringify(file)}, 'w');
    const piece = 64 * 1024;
    for (let round = 1; round <= 24; round++) {
      for (let at = 0; at < ${size}; at += piece) fs.writeSync(fd, Buffer.alloc(piece, round), 0, piece, at);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, round % 8 === 0 ? 60 : 0);
    }
    fs.closeSync(fd);`;
    const writer = spawn(process.execPath, ['-e', program], { stdio: 'inherit' });
    const ended = new Promise((resolve) => {
      writer.once('exit', resolve);
    });
    expect(await ended).toBe(0);
    await until('the last state', () => committed.at(-1)?.equals(Buffer.alloc(size, 24)) === true, long);
    expect(committed.filter((bytes) => !isState(bytes)).map((bytes) => bytes.length)).toEqual([]);
  },
  60_000,
);

test('fault 34: an edit made while the file is on its way is sent after it', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let held = false;
  cloud.hook = async (call) => {
    if (held || !call.endsWith('stageWhole')) return;
    held = true;
    await promise;
  };
  writeFileSync(paris.path('f'), 'one');
  await until('it is on its way', () => held, long);
  writeFileSync(paris.path('f'), 'two');
  resolve();
  await until('the second', () => committed.at(-1)?.toString() === 'two', long);
  expect(committed.map(String).filter((content) => content !== 'one' && content !== 'two')).toEqual([]);
});

test('fault 35: a file that a program keeps open is sent whenever it is left alone for a moment', async () => {
  const fd = openSync(paris.path('log'), 'w');
  try {
    for (const text of ['one', 'one, two', 'one, two, three']) {
      writeSync(fd, text, 0);
      await until(text, () => committed.at(-1)?.toString() === text, long);
    }
    truncateSync(paris.path('log'), 3);
    await until('it is cut', () => committed.at(-1)?.toString() === 'one', long);
  } finally {
    closeSync(fd);
  }
});

test('empty files and directories are what they are', async () => {
  writeFileSync(paris.path('empty'), '');
  mkdirSync(paris.path('d'));
  await until('both are there', () => cloud.tree().size === 2, long);
  expect([...cloud.tree()]).toEqual([
    ['d', null],
    ['empty', ''],
  ]);
  writeFileSync(paris.path('empty'), 'x');
  await until('it is filled', () => cloud.tree().get('empty') === 'x', long);
  truncateSync(paris.path('empty'), 0);
  await until('it is empty again', () => cloud.tree().get('empty') === '', long);
});
