// Programs that write to a file while it is on its way: whatever arrives anywhere is a state that the file had, and the last
// one arrives (I18).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { askFaults, struck } from './support/faults.ts';
import { trashOf } from './support/share.ts';
import { until } from './support/wait.ts';
import { Workspace } from './support/workspace.ts';

const MiB = 2 ** 20;
const piece = 64 * 1024;
let space: Workspace;
let [here, there] = ['', ''];
/** Contents of the other site's file, each once while it stays the same. */
let seen: Buffer[];
let looking: NodeJS.Timeout;

beforeEach(async () => {
  space = new Workspace('a', 'b');
  space.env['TIDEWAY_FAULTS'] = '1';
  [here, there] = [path.join(space.site('a'), 'f'), path.join(space.site('b'), 'f')];
  seen = [];
  await space.up('a', 'b');
  looking = setInterval(() => {
    const bytes = existsSync(there) ? readFileSync(there) : undefined;
    if (bytes !== undefined && seen.at(-1)?.equals(bytes) !== true) seen.push(bytes);
  }, 50);
});

afterEach(async () => {
  clearInterval(looking);
  await space.dispose();
}, 30_000);

/** All that was ever there, at the other site or on the share. */
async function everything(): Promise<readonly Buffer[]> {
  const replaced: Buffer[] = [];
  for await (const bytes of trashOf(space)) replaced.push(bytes);
  return [...seen, ...replaced, readFileSync(there)];
}

/** Written from the front: one round up to some point, the one before it from there on. */
function isState(bytes: Buffer): boolean {
  const round = bytes[0] ?? 0;
  const rest = bytes.findIndex((byte) => byte !== round);
  return rest === -1 || bytes.subarray(rest).equals(Buffer.alloc(bytes.length - rest, round - 1));
}

test('fault 33: a file that is rewritten in place again and again arrives in states that it had, and at last in the last', async () => {
  const size = 5 * MiB;
  const rounds = 60;
  const program = `
    const fs = require('node:fs');
    const fd = fs.openSync(${JSON.stringify(here)}, 'w');
    for (let round = 1; round <= ${rounds}; round++) {
      for (let at = 0; at < ${size}; at += ${piece}) fs.writeSync(fd, Buffer.alloc(${piece}, round), 0, ${piece}, at);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, round % 10 === 0 ? 100 : 0);
    }
    fs.closeSync(fd);`;
  const writer = spawn(process.execPath, ['-e', program], { stdio: 'inherit' });
  expect(await once(writer, 'exit')).toEqual([0, null]);
  await space.inSync(120);
  expect(readFileSync(there).equals(Buffer.alloc(size, rounds))).toBe(true);
  expect((await everything()).filter((bytes) => !isState(bytes))).toEqual([]);
}, 240_000);

/** Changes the file while the first requests of its upload that `line` describes are on their way, which takes long. */
async function whileStaged(line: string, write: () => void, change: () => void): Promise<void> {
  await askFaults(space, 'POST', [{ on: 'files', line, fault: { kind: 'delay', ms: 1000 }, times: 4 }]);
  write();
  await until('it is on its way', 60_000, async () => (await struck(space)) > 0);
  change();
  await space.inSync(120);
}

test('fault 34: an edit made while the file is on its way is sent after it', async () => {
  await whileStaged(
    '^PUT .*staging',
    () => writeFileSync(here, 'one'),
    () => writeFileSync(here, 'two'),
  );
  expect(readFileSync(there, 'utf8')).toBe('two');
  const others = (await everything()).filter((bytes) => !['', 'one', 'two'].includes(bytes.toString()));
  expect(others).toEqual([]);
}, 240_000);

test('fault 34: what is changed in a large file while its ranges are on their way makes no mixture', async () => {
  const before = Buffer.alloc(24 * MiB, 'before ');
  const after = Buffer.from(before);
  // The first block, which is on its way, and the last, which is still to be read.
  for (const at of [1 * MiB, 23 * MiB]) after.write('after', at);
  await whileStaged(
    '^PUT .*staging.*comp=range',
    () => {
      // Whole at once: on a busy machine its beginning alone may look like a file that nobody writes to any more.
      writeFileSync(path.join(space.dir, 'before'), before);
      renameSync(path.join(space.dir, 'before'), here);
    },
    () => {
      const fd = openSync(here, 'r+');
      for (const at of [1 * MiB, 23 * MiB]) writeSync(fd, 'after', at);
      closeSync(fd);
    },
  );
  expect(readFileSync(there).equals(after)).toBe(true);
  const half = Buffer.from(before);
  half.write('after', 1 * MiB);
  const others = (await everything()).filter((bytes) => ![before, half, after].some((each) => each.equals(bytes)));
  expect(others.map(({ length }) => length)).toEqual([]);
}, 240_000);
