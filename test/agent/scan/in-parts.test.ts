// The first scan of a site is recorded in parts: it finds what a scan that is recorded as a whole finds, whatever somebody does
// to the site meanwhile.
import { expect, test } from '@jest/globals';
import { InParts } from '../../../lib/agent/scan/in-parts.ts';
import { MemoryFs } from '../../../lib/agent/fs/memory-fs.ts';
import { MemoryUser } from '../../../lib/agent/fs/memory-user.ts';
import { State } from '../../../lib/agent/state/state.ts';
import { randomInt, seededRandom } from '../../../lib/base/random.ts';
import { rootId } from '../../../lib/core/node.ts';
import { known, makeSite, onDisk, scan, twice } from './scanned.ts';

const seeds = 40;

test.each([1, 3, 8])('in parts of %d it is what it is as a whole', async (size) => {
  for (let seed = 0; seed < seeds; seed++) {
    const { fs } = makeSite(seededRandom(seed));
    const [whole, parts] = [new State(':memory:'), new State(':memory:')];
    const sizes = await scan(fs, parts, size);
    // What 8 directories at a time have found, and never all of it.
    expect([seed, sizes.length > 2]).toEqual([seed, true]);
    expect(sizes.reduce((sum, each) => sum + each, 0)).toBe(40);
    // Nothing is known of the site before; with a part that is never full it is recorded as a whole.
    await scan(fs, whole, Infinity);
    expect([seed, known(parts)]).toEqual([seed, known(whole)]);
    expect([seed, known(parts)]).toEqual([seed, await onDisk(fs)]);
    parts.close();
    whole.close();
  }
});

test.each([1, 3, 8])('in parts of %d, while somebody works there: the next scan makes it whole', async (size) => {
  for (let seed = 0; seed < seeds; seed++) {
    const random = seededRandom(seed);
    const { fs, user, names } = makeSite(random);
    const state = new State(':memory:');
    let edits = 6;
    fs.before = (call) => {
      if (call !== 'list' || edits === 0 || randomInt(random, 3) > 0) return;
      edits--;
      const [from, to] = [names[randomInt(random, names.length)] ?? '', names[randomInt(random, names.length)] ?? ''];
      try {
        if (randomInt(random, 4) === 0) user.rm(from);
        else user.rename(from, `${to}-${edits}`);
      } catch {
        edits++; // it has gone, or would be moved into itself: something else then
      }
    };
    await scan(fs, state, size);
    // A directory has one name: met at two, it moved, and is one node all the same.
    expect([seed, twice(state)]).toEqual([seed, []]);
    fs.before = () => undefined;
    await scan(fs, state);
    await scan(fs, state);
    expect([seed, known(state)]).toEqual([seed, await onDisk(fs)]);
    state.close();
  }
});

test('names of one inode in different parts are files of their own', async () => {
  const fs = new MemoryFs(() => 1_700_000_000_000_000_000n);
  const user = new MemoryUser(fs.volume);
  user.mkdir('d');
  user.writeFile('d/first', 'one');
  for (let at = 0; at < 10; at++) user.writeFile(`other${at}`, 'x');
  await fs.link('d/first', 'second');
  const state = new State(':memory:');
  await scan(fs, state, 1);
  expect(known(state)).toEqual(await onDisk(fs));
  expect(state.find('second')).not.toBe(state.find('d/first'));
  state.close();
});

test('a site of which anything is known is recorded as a whole: what it knows may have moved', () => {
  const state = new State(':memory:');
  expect(InParts.suits(state)).toBe(true);
  const times = { mtime: '1', statMtime: '1', ctime: '2' };
  const node = { id: 'n', parent: rootId, name: 'n', kind: 'file' as const, size: 0, mode: 0, hash: null };
  state.now(() => state.setLocal('n', { ...node, settled: true, inode: '1:2', born: '7', ...times }));
  expect(InParts.suits(state)).toBe(false);
  state.now(() => state.setLocal('n', null));
  state.now(() => state.setSynced('n', { ...node, version: 1, mtime: '1' }));
  expect(InParts.suits(state)).toBe(false);
  state.close();
});
