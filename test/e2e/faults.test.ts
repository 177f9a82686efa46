// Both sites work while every service fails at random: requests lost before and after they were applied, refused, late and
// doubled, locks lost, deliveries paused, processes killed in the middle of a commit. Then all is well, and all is there.
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { codeOf } from '../../lib/base/errors.ts';
import { randomInt, seededRandom, type Random } from '../../lib/base/random.ts';
import { askFaults, struck } from './support/faults.ts';
import { filesBelow, pick, rename } from './support/files.ts';
import { treeOf } from './support/tree.ts';
import { pause } from './support/wait.ts';
import { Workspace } from './support/workspace.ts';

const seed = Number(process.env['TIDEWAY_SEED'] ?? Date.now() % 1_000_000_007);
const rounds = 6;
const mark = 'to be kept: ';
let space: Workspace;

afterEach(() => space.dispose(), 30_000);

/** What goes wrong all the time, each in a few of a hundred exchanges, and never so often that nothing is done. */
const weather: readonly object[] = [
  // Of requests to the share fewer fail: five in a row for one operation alone would be taken for its own fault.
  ...[
    { on: 'tables', often: 1 },
    { on: 'files', often: 0.3 },
  ].flatMap(({ on, often }) => [
    { on, line: '.', fault: { kind: 'delay', ms: 40 }, chance: 0.06 },
    { on, line: '.', fault: { kind: 'status', status: 503, code: 'ServerBusy', when: 'before' }, chance: 0.05 * often },
    { on, line: '^(PUT|POST|PATCH|DELETE)', fault: { kind: 'drop', when: 'before' }, chance: 0.03 * often },
    { on, line: '^(PUT|POST|PATCH|DELETE)', fault: { kind: 'drop', when: 'after' }, chance: 0.03 * often },
    {
      on,
      line: '^(PUT|POST|PATCH|DELETE)',
      fault: { kind: 'status', status: 500, code: 'OperationTimedOut', when: 'after' },
      chance: 0.03 * often,
    },
  ]),
  {
    on: 'tables',
    line: '.',
    fault: { kind: 'status', status: 429, code: 'TooManyRequests', when: 'before' },
    chance: 0.03,
  },
  { on: 'service-bus', line: '^(send|settle) ', fault: { kind: 'delay', ms: 60 }, chance: 0.05 },
  { on: 'service-bus', line: '^(send|settle) ', fault: { kind: 'drop', when: 'after' }, chance: 0.05 },
  {
    on: 'event-grid',
    line: '^POST ',
    fault: { kind: 'status', status: 503, code: 'ServerBusy', when: 'after' },
    chance: 0.1,
  },
  { on: 'event-grid', line: '^DELIVER ', fault: { kind: 'delay', ms: 100 }, chance: 0.1 },
  { on: 'event-grid', line: '^DELIVER ', fault: { kind: 'duplicate' }, chance: 0.1 },
  {
    on: 'functions',
    line: '^INVOKE commit',
    fault: { kind: 'status', status: 0, code: '', when: 'after' },
    chance: 0.05,
  },
  { on: 'functions', line: '^INVOKE ', fault: { kind: 'duplicate' }, chance: 0.1 },
].map((each) => ({ ...each, times: 'always' }));

/** What happens once, at some moment. */
const events: readonly (readonly object[])[] = [
  [{ on: 'service-bus', entity: 'changes', do: 'lose-locks' }],
  [{ on: 'service-bus', entity: 'changes', do: 'duplicate', times: 3 }],
  [{ on: 'service-bus', entity: 'changes', do: 'pause' }],
  [{ on: 'service-bus', entity: 'changes', do: 'resume' }],
  [{ on: 'event-grid', subscription: 'fan-out', do: 'pause' }],
  [{ on: 'files', line: 'comp=rename', fault: { kind: 'crash', process: 'functions', when: 'after' } }],
  [{ on: 'tables', line: '\\$batch', fault: { kind: 'crash', process: 'functions', when: 'before' } }],
  [{ on: 'tables', line: '\\$batch', fault: { kind: 'crash', process: 'functions', when: 'after' } }],
  [{ on: 'files', line: '^PUT .*staging', fault: { kind: 'crash', process: 'agent a', when: 'after' } }],
  [{ on: 'files', line: '^GET ', fault: { kind: 'crash', process: 'agent b', when: 'before' } }],
];

test(`two sites at work while everything fails at random (TIDEWAY_SEED=${seed})`, async () => {
  const random = seededRandom(seed);
  space = new Workspace('a', 'b');
  space.env['TIDEWAY_FAULTS'] = String(seed);
  await space.up('a', 'b');
  await askFaults(space, 'POST', weather);
  const kept: string[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const site of ['a', 'b'])
      for (let step = 0; step < 6; step++) tryWork(random, space.site(site), `${site}-${round}-${step}`, kept);
    const before = await struck(space);
    await askFaults(space, 'POST', pick(random, events));
    // Nothing may happen at all, as while the queue is paused.
    const deadline = performance.now() + 1_000 + randomInt(random, 500);
    while ((await struck(space)) < before + 5 && performance.now() < deadline) await pause(20);
  }
  // Paused and held no more, but the weather stays: most of the work is done in it.
  await askFaults(space, 'DELETE');
  await askFaults(space, 'POST', weather);
  await space.run('status', '--wait', '--timeout', '5');
  const met = await struck(space);
  expect(met).toBeGreaterThan(10);
  await askFaults(space, 'DELETE');
  const began = performance.now();
  await space.inSync(100);
  process.stdout.write(`in sync ${Math.round(performance.now() - began)} ms after the last of ${met} faults\n`);
  const tree = treeOf(space.site('a'));
  expect(treeOf(space.site('b'))).toEqual(tree);
  const found = filesBelow(space.site('a'))
    .map((file) => readFileSync(path.join(space.site('a'), file), 'latin1'))
    .filter((text) => text.startsWith(mark));
  expect(found.toSorted()).toEqual(kept.toSorted());
}, 180_000);

/** An agent may take a file away under the user's hand; then this user has done nothing. */
function tryWork(...args: Parameters<typeof work>): void {
  try {
    work(...args);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** One thing that a user does. What carries the mark is moved, but never edited or deleted: it must be there in the end, once. */
function work(random: Random, root: string, tag: string, kept: string[]): void {
  const files = filesBelow(root);
  const file = files.length === 0 ? undefined : pick(random, files);
  const isKept = file !== undefined && readFileSync(path.join(root, file), 'latin1').startsWith(mark);
  const directory = `dir-${randomInt(random, 3)}`;
  mkdirSync(path.join(root, directory), { recursive: true });
  const what = randomInt(random, 6);
  if (file === undefined || what <= 1) {
    writeFileSync(path.join(root, directory, `kept-${tag}`), `${mark}${tag}`);
    kept.push(`${mark}${tag}`);
  } else if (what === 2) writeFileSync(path.join(root, directory, `new-${tag}`), tag.repeat(randomInt(random, 5_000)));
  else if (what === 3) rename(root, file, path.join(directory, `moved-${tag}`));
  else if (what === 4 && !isKept) appendFileSync(path.join(root, file), tag);
  else if (what === 5 && !isKept) rmSync(path.join(root, file));
}
