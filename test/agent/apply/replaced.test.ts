import { beforeEach, describe, expect, test } from '@jest/globals';
import type { FakeCloud } from '../../support/fake-backend.ts';
import { contents, converge, eachOnTwoSites, type TestSite, until } from '../rig.ts';

let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;
eachOnTwoSites((sites) => ({ cloud, paris, tokyo } = sites));

beforeEach(async () => {
  paris.user.writeFile('f.txt', 'base');
  await paris.start();
  await tokyo.start();
  await converge(cloud, paris, tokyo);
});

const kept = (): readonly string[] =>
  [...tokyo.user.snapshot('.tideway/replaced').keys()].map((path) => path.slice('.tideway/replaced/'.length));

/** Runs `work` once, right before the agent's first call of this name. */
function before(call: string, work: () => void): void {
  let done = false;
  tokyo.volume.before = (name) => {
    if (done || name !== call) return;
    done = true;
    work();
  };
}

describe('a version that is replaced', () => {
  test('is gone when nobody has it open', async () => {
    paris.user.writeFile('f.txt', 'new');
    await converge(cloud, paris, tokyo);
    expect(kept()).toEqual([]);
  });

  test('written through a handle that was open before: a conflict copy', async () => {
    const handle = tokyo.user.open('f.txt');
    paris.user.writeFile('f.txt', 'new');
    await until('the new one', () => tokyo.tree().get('f.txt') === 'new');
    await until('the old one is kept', () => kept().length === 1);
    handle.write(0, 'LATE');
    await handle.close();
    await until('the copy', () => tokyo.tree().get('f-tokyo.txt') === 'LATE', 9000);
    await converge(cloud, paris, tokyo);
    expect([...paris.tree()]).toEqual([
      ['f-tokyo.txt', 'LATE'],
      ['f.txt', 'new'],
    ]);
    expect(kept()).toEqual([]);
  }, 15_000);

  test('written in the moment before the exchange: both are kept', async () => {
    before('exchange', () => tokyo.user.writeFile('f.txt', 'just now'));
    paris.user.writeFile('f.txt', 'new');
    await converge(cloud, paris, tokyo);
    expect(contents(cloud)).toEqual(['just now', 'new']);
  });

  test('another file renamed over it in that moment: both are kept', async () => {
    before('exchange', () => {
      tokyo.user.writeFile('other', 'other');
      tokyo.user.rename('other', 'f.txt');
    });
    paris.user.writeFile('f.txt', 'new');
    await converge(cloud, paris, tokyo);
    expect(contents(cloud)).toEqual(['new', 'other']);
  });

  test('deleted in that moment: the new one is there', async () => {
    before('exchange', () => tokyo.user.rm('f.txt'));
    paris.user.writeFile('f.txt', 'new');
    await converge(cloud, paris, tokyo);
    expect([...cloud.tree()]).toEqual([['f.txt', 'new']]);
    expect(kept()).toEqual([]);
  });

  test('and the new one deleted in the moment after the exchange: what is written to the old one is kept', async () => {
    const handle = tokyo.user.open('f.txt');
    let exchanged = false;
    tokyo.volume.before = (name) => {
      if (exchanged && name === 'stat') {
        tokyo.volume.before = () => {};
        tokyo.user.rm('f.txt');
      }
      exchanged ||= name === 'exchange';
    };
    paris.user.writeFile('f.txt', 'new');
    await until('the exchange', () => exchanged);
    handle.write(0, 'LATE');
    await handle.close();
    await until('the old one', () => [...tokyo.tree().values()].includes('LATE'));
    await converge(cloud, paris, tokyo);
    expect(contents(cloud)).toContain('LATE');
    expect(kept()).toEqual([]);
  });
});

describe('a file that is removed', () => {
  test('written in that moment: it comes back as itself', async () => {
    let done = false;
    tokyo.volume.before = (name, path) => {
      if (done || name !== 'rename' || path !== 'f.txt') return;
      done = true;
      tokyo.user.writeFile('f.txt', 'just now');
    };
    paris.user.rm('f.txt');
    await until('it was removed', () => done);
    await converge(cloud, paris, tokyo);
    expect([...paris.tree()]).toEqual([['f.txt', 'just now']]);
  });

  test('open in a program: kept until that closes it', async () => {
    const handle = tokyo.user.open('f.txt');
    paris.user.rm('f.txt');
    await until('it is gone', () => !tokyo.tree().has('f.txt'));
    await converge(cloud, paris, tokyo);
    expect(kept().length).toBe(1);
    await handle.close();
    await until('it is dropped', () => kept().length === 0, 9000);
    await converge(cloud, paris, tokyo);
    expect(paris.tree().size).toBe(0);
  }, 15_000);
});

describe('a file that is moved', () => {
  test('onto a name that is taken in that moment: nothing is lost', async () => {
    let done = false;
    tokyo.volume.before = (name, path) => {
      if (done || name !== 'rename' || path !== 'f.txt') return;
      done = true;
      tokyo.user.writeFile('g.txt', 'mine');
    };
    paris.user.rename('f.txt', 'g.txt');
    await converge(cloud, paris, tokyo);
    expect(done).toBe(true);
    expect(contents(cloud)).toEqual(['base', 'mine']);
  });
});
