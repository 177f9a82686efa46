// A scan of what is known already: what is as it was costs one survey, what is not is looked at by name, and all of it is
// found whatever somebody does there meanwhile.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryFs } from '../../../lib/agent/fs/memory-fs.ts';
import { MemoryUser } from '../../../lib/agent/fs/memory-user.ts';
import { Problems } from '../../../lib/agent/problems.ts';
import { excluder } from '../../../lib/agent/scan/exclude.ts';
import { isSeen, newRound } from '../../../lib/agent/scan/round.ts';
import { State } from '../../../lib/agent/state/state.ts';
import { Touched } from '../../../lib/agent/scan/touched.ts';
import { randomInt, seededRandom } from '../../../lib/base/random.ts';
import { rootId } from '../../../lib/core/node.ts';
import { known, makeSite, onDisk, scan } from './scanned.ts';

let now = 1_700_000_000_000_000_000n;
let fs: MemoryFs;
let user: MemoryUser;
let state: State;
let calls: string[];

beforeEach(async () => {
  fs = new MemoryFs(() => (now += 1_000_000n));
  user = new MemoryUser(fs.volume);
  state = new State(':memory:');
  for (const dir of ['a', 'b']) {
    user.mkdir(dir);
    for (let at = 0; at < 40; at++) user.writeFile(`${dir}/f${at}`, 'x');
  }
  user.mkdir('a/d');
  user.writeFile('a/d/deep', 'x');
  await scan(fs, state, Infinity);
  calls = [];
  fs.before = (call, path) => void calls.push(`${call} ${path}`);
});

afterEach(() => state.close());

/** What was asked of the file system beside the survey, which in memory is a list and a stat of each directory. */
function others(): readonly string[] {
  const survey = ['', 'a', 'b', 'a/d'].flatMap((dir) => [`list ${dir}`, `stat ${dir}`]);
  const left = [...calls];
  for (const call of survey) if (left.includes(call)) left.splice(left.indexOf(call), 1);
  return left.filter((call) => call !== 'stat ');
}

async function rescan(over: Parameters<typeof scan>[3] = {}): Promise<number> {
  const [changed = 0] = await scan(fs, state, undefined, over);
  return changed;
}

describe('a scan again', () => {
  test('of a site in which nothing changed asks for each directory once', async () => {
    expect(await rescan()).toBe(0);
    expect(others()).toEqual([]);
    expect(known(state)).toEqual(await onDisk(fs));
  });

  test('finds a file that changed, and looks at nothing else', async () => {
    user.writeFile('a/f7', 'longer');
    expect(await rescan()).toBe(1);
    expect(others()).toEqual(['details a', 'stat a']);
    expect(known(state)).toEqual(await onDisk(fs));
  });

  test('finds what came, went and moved', async () => {
    const id = state.find('a/f1');
    user.writeFile('b/new', 'new');
    user.rm('a/f2');
    user.rename('a/f1', 'b/moved');
    user.rename('a/d', 'b/d');
    const deep = state.find('a/d/deep');
    await rescan();
    expect(known(state)).toEqual(await onDisk(fs));
    expect([state.find('b/moved'), state.find('b/d/deep')]).toEqual([id, deep]);
  });

  test('of a directory in which names came and went looks at itself once more, and then no more', async () => {
    user.writeFile('a/d/new', 'new');
    await rescan();
    expect(others()).toContain('details a');
    calls = [];
    expect(await rescan()).toBe(0);
    expect(others()).toEqual([]);
    user.chmod('a/d', 0o700);
    expect(await rescan()).toBe(1);
    expect(known(state)).toEqual(await onDisk(fs));
  });

  test('does so as long as the moment lasts in which that happened: another change may have the same ctime', async () => {
    user.writeFile('a/d/new', 'new');
    for (let again = 0; again < 2; again++) {
      calls = [];
      await rescan({ now: () => Number(now / 1_000_000n) });
      expect(others()).toContain('details a');
    }
  });

  test('lists where much has changed', async () => {
    for (let at = 0; at < 20; at++) user.writeFile(`a/f${at}`, 'longer');
    expect(await rescan()).toBe(20);
    expect(others()).toContain('list a');
    expect(known(state)).toEqual(await onDisk(fs));
  });

  test('leaves alone what is excluded, known or not, and goes into no directory of it', async () => {
    user.writeFile('a/Thumbs.db', 'x');
    user.writeFile('a/d/deep', 'changed');
    calls = [];
    const before = known(state);
    expect(await rescan({ excluded: excluder(['thumbs.db', 'd']) })).toBe(0);
    // Of `a` only its own ctime has changed.
    expect(others().filter((call) => call.startsWith('details'))).toEqual(['details ']);
    expect(calls).not.toContain('list a/d');
    expect(known(state)).toEqual(before);
  });

  test('keeps what is in a directory that cannot be read, and says so', async () => {
    const problems = new Problems();
    user.rm('a/f3');
    fs.before = (call, path) => {
      if (call === 'list' && path === 'a') throw Object.assign(new Error('EIO'), { code: 'EIO' });
    };
    expect(await rescan({ problems })).toBe(0);
    expect(problems.all().map(({ path, code }) => `${path} ${code}`)).toEqual(['a cannot_read']);
    expect(state.find('a/f3')).toBeDefined();
    fs.before = () => undefined;
    await rescan({ problems });
    expect(problems.all()).toEqual([]);
    expect(known(state)).toEqual(await onDisk(fs));
  });

  test('keeps what is in a directory that cannot be watched, and finds what is new in the others', async () => {
    const problems = new Problems();
    user.writeFile('a/f3', 'changed');
    user.writeFile('b/f3', 'changed');
    const add = (...dirs: readonly string[]): Promise<void> =>
      dirs.includes('b') ? Promise.reject(Object.assign(new Error('EACCES'), { code: 'EACCES' })) : Promise.resolve();
    await rescan({ problems, watch: { add, close: () => Promise.resolve() } });
    expect(problems.all().map(({ path, code }) => `${path} ${code}`)).toEqual(['b cannot_read']);
    const sizes = ['a/f3', 'b/f3'].map((path) => state.local(state.find(path) ?? '')?.size);
    expect(sizes).toEqual([7, 1]);
  });

  test('concludes nothing where a path has come to lead to another directory', async () => {
    fs.before = (call, path) => {
      if (call !== 'list' || path !== 'a') return;
      fs.before = () => undefined;
      user.rename('a', 'c');
      user.mkdir('a');
    };
    const id = state.find('a/f1');
    await rescan();
    expect(state.find('a/f1')).toBe(id);
    await rescan();
    expect(known(state)).toEqual(await onDisk(fs));
    expect(state.find('c/f1')).toBe(id);
  });
});

test('a scan again while somebody works there: the next one makes it whole', async () => {
  for (let seed = 0; seed < 30; seed++) {
    const random = seededRandom(seed);
    const site = makeSite(random);
    const own = new State(':memory:');
    await scan(site.fs, own, Infinity);
    let edits = 8;
    site.fs.before = (call) => {
      if (edits === 0 || randomInt(random, 3) > 0) return;
      edits--;
      const pick = (): string => site.names[randomInt(random, site.names.length)] ?? '';
      const [from, to] = [pick(), pick()];
      try {
        const dice = randomInt(random, 5);
        if (dice === 0) site.user.rm(from);
        else if (dice === 1) site.user.writeFile(`${to}-${call}`, 'new');
        else site.user.rename(from, `${to}-${edits}`);
      } catch {
        edits++; // it has gone, or would be moved into itself: something else then
      }
    };
    await scan(site.fs, own);
    await scan(site.fs, own);
    site.fs.before = () => undefined;
    await scan(site.fs, own);
    expect([seed, known(own)]).toEqual([seed, await onDisk(site.fs)]);
    own.close();
  }
});

describe('of a directory in which all is as it was', () => {
  const id = (): string => state.find('a/f1') ?? '';

  test('what is in it was seen, but for the names that were not', () => {
    const touched = new Touched();
    const round = newRound(touched.scan());
    expect(isSeen(state, touched, round, id())).toBe(false);
    round.whole.set(state.find('a') ?? '', new Set(['f2']));
    const seen = ['a/f1', 'a/f2', 'b/f1', 'a'].map((path) => isSeen(state, touched, round, state.find(path) ?? ''));
    expect(seen).toEqual([true, false, false, false]);
    expect(isSeen(state, touched, round, 'unknown')).toBe(false);
  });

  test('nothing is said of what came there since, by the agent itself', () => {
    const touched = new Touched();
    const round = newRound(touched.scan());
    round.whole.set(state.find('a') ?? '', new Set());
    touched.mark(state.find('a') ?? '', 'f1');
    expect(isSeen(state, touched, round, id())).toBe(false);
  });

  test('what was said once is not taken back', () => {
    const touched = new Touched();
    const round = newRound(touched.scan());
    const entry = state.local(id());
    round.whole.set(state.find('a') ?? '', new Set());
    expect(isSeen(state, touched, round, id())).toBe(true);
    state.now(() => state.setLocal(id(), { ...entry!, parent: rootId, name: 'elsewhere' }));
    expect(isSeen(state, touched, round, entry!.id)).toBe(true);
  });
});
