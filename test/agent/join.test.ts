// A site that joins with data of its own (fault 26): what is equal is adopted without transfer, what differs is kept both,
// and nothing is deleted anywhere.
import { afterEach, describe, expect, test } from '@jest/globals';
import { codeOf } from '../../lib/base/errors.ts';
import { randomInt, seededRandom } from '../../lib/base/random.ts';
import { FakeCloud } from '../support/fake-backend.ts';
import { contents, converge, TestSite } from './rig.ts';

const older = 1_600_000_000_000_000_000n;
const newer = 1_700_000_000_000_000_000n;

let sites: TestSite[] = [];

afterEach(async () => {
  for (const site of sites) await site.agent?.stop();
  sites = [];
});

/** Paris is in sync with `before`; Tokyo has `own` before its agent starts for the first time. Answers Tokyo's transfers. */
async function join(before: (site: TestSite) => void, own: (site: TestSite) => void) {
  const cloud = new FakeCloud();
  const paris = new TestSite(cloud, 'paris');
  const tokyo = new TestSite(cloud, 'tokyo');
  sites = [paris, tokyo];
  before(paris);
  await paris.start();
  await converge(cloud, paris);
  own(tokyo);
  const transfers: string[] = [];
  cloud.hook = (call) => {
    if (/^tokyo (stageWhole|stageCreate|download)$/.test(call)) transfers.push(call.slice('tokyo '.length));
  };
  await tokyo.start();
  await converge(cloud, paris, tokyo);
  return { cloud, paris, tokyo, transfers };
}

describe('fault 26: a late joiner', () => {
  test('adopts what is equal, whatever its times, without transfer', async () => {
    const tree = (mtime: bigint) => (site: TestSite) => {
      site.user.mkdirp('d/e');
      for (const path of ['a', 'd/b', 'd/e/c']) {
        site.user.writeFile(path, `content of ${path}`);
        site.user.utimes(path, mtime);
      }
    };
    const { transfers, cloud } = await join(tree(older), tree(newer));
    expect(transfers).toEqual([]);
    expect(contents(cloud)).toEqual(['content of a', 'content of d/b', 'content of d/e/c']);
    expect(cloud.namespace.log.filter((row) => row.outcome !== 'applied' || row.op === 'delete')).toEqual([]);
  });

  test('gets what it lacks and gives what it has beyond', async () => {
    const { transfers, tokyo } = await join(
      ({ user }) => {
        user.mkdirp('d');
        user.writeFile('d/both', 'both');
        user.writeFile('d/paris', 'paris');
      },
      ({ user }) => {
        user.mkdirp('d');
        user.writeFile('d/both', 'both');
        user.writeFile('d/tokyo', 'tokyo');
      },
    );
    expect(transfers.toSorted()).toEqual(['download', 'stageWhole']);
    expect([...tokyo.tree().keys()]).toEqual(['d', 'd/both', 'd/paris', 'd/tokyo']);
  });

  test.each([
    ['its older one', older, newer, { f: 'paris', 'f-tokyo': 'tokyo' }],
    ['its newer one', newer, older, { f: 'tokyo', 'f-paris': 'paris' }],
  ])('keeps both where content differs: %s', async (_, own, others, expected) => {
    const { tokyo } = await join(
      ({ user }) => {
        user.writeFile('f', 'paris');
        user.utimes('f', others);
      },
      ({ user }) => {
        user.writeFile('f', 'tokyo');
        user.utimes('f', own);
      },
    );
    expect(Object.fromEntries(tokyo.tree())).toEqual(expected);
  });

  test('keeps a file and the others a directory of the same name', async () => {
    const { tokyo } = await join(
      ({ user }) => {
        user.mkdirp('x');
        user.writeFile('x/in', 'paris');
        user.writeFile('y', 'paris too');
      },
      ({ user }) => {
        user.writeFile('x', 'tokyo');
        user.mkdirp('y');
        user.writeFile('y/in', 'tokyo too');
      },
    );
    expect([...tokyo.tree().values()].filter((content) => content !== null).toSorted()).toEqual([
      'paris',
      'paris too',
      'tokyo',
      'tokyo too',
    ]);
    expect(tokyo.tree().get('x/in')).toBe('paris');
    expect(tokyo.tree().get('y/in')).toBe('tokyo too');
  });

  test('adopts the same link, and keeps both of two that differ', async () => {
    const { transfers, tokyo } = await join(
      ({ user }) => {
        user.symlink('there', 'same');
        user.symlink('paris', 'other');
      },
      ({ user }) => {
        user.symlink('there', 'same');
        user.symlink('tokyo', 'other');
      },
    );
    expect(transfers.filter((each) => each === 'download')).toEqual([]);
    expect([...tokyo.tree().keys()].filter((path) => path.startsWith('other'))).toHaveLength(2);
    expect(tokyo.tree().has('same')).toBe(true);
  });

  test('with nothing takes all, and deletes nothing', async () => {
    const { cloud } = await join(
      ({ user }) => {
        user.mkdirp('d');
        user.writeFile('d/a', 'a');
      },
      () => {},
    );
    expect(cloud.namespace.log.map(({ op }) => op)).toEqual(['mkdir', 'create']);
  });

  test.each(Array.from({ length: 12 }, (_, seed) => seed + 1))('loses nothing, seed %i', async (seed) => {
    const random = seededRandom(seed);
    const pick = <T>(from: readonly T[]): T => from[randomInt(random, from.length)] as T;
    const names = ['a', 'A', 'b', 'c.txt', 'é'];
    const path = (): string => Array.from({ length: 1 + randomInt(random, 3) }, () => pick(names)).join('/');
    const written = new Set<string>();
    const fill = (site: TestSite): void => {
      for (let done = 0; done < 12; done++) {
        const at = path();
        // Many contents are had by both sites.
        const text = `content ${randomInt(random, 6)}`;
        attempt(() => {
          site.user.mkdirp(at.split('/').slice(0, -1).join('/'));
          site.user.writeFile(at, text);
          site.user.utimes(at, pick([older, newer]));
        });
      }
      for (const content of site.tree().values()) if (content !== null) written.add(content);
    };
    const { cloud } = await join(fill, fill);
    expect([...new Set(contents(cloud))]).toEqual([...written].toSorted());
    expect(cloud.namespace.log.filter(({ op }) => op === 'delete' || op === 'rmdir')).toEqual([]);
  });
});

/** What cannot be done is left undone, as a shell would say. */
function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (codeOf(error) === '') throw error;
  }
}
