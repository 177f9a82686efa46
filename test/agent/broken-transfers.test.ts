// A transfer of several blocks that is struck in the middle.
import { expect, test } from '@jest/globals';
import { TidewayError } from '../../lib/base/errors.ts';
import type { FakeCloud } from '../support/fake-backend.ts';
import { converge, eachOnTwoSites, type TestSite, until } from './rig.ts';

const mebi = 2 ** 20;
let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;
eachOnTwoSites((sites) => ({ cloud, paris, tokyo } = sites));

test('fault 11: a range that was stored and answered by an error is sent again, and the content is the same', async () => {
  const content = Buffer.alloc(9 * mebi, 'abcdefg');
  let failures = 0;
  cloud.hook = (call) => {
    if (call === 'paris stageRange:after' && failures++ < 2) throw new TidewayError('unreachable', '500 InternalError');
  };
  await Promise.all([paris.start(), tokyo.start()]);
  paris.user.writeFile('big', content);
  await converge(cloud, paris, tokyo);
  expect(failures).toBeGreaterThan(2);
  expect(Buffer.compare(Buffer.from(tokyo.user.read('big')), content)).toBe(0);
});

test('fault 49: a file that changes between two ranges of its download is never a mixture of both', async () => {
  const [before, after] = ['a', 'b'].map((letter) => Buffer.alloc(9 * mebi, letter)) as [Buffer, Buffer];
  await Promise.all([paris.start(), tokyo.start()]);
  let downloads = 0;
  const held = Promise.withResolvers<void>();
  cloud.hook = async (call) => {
    if (call === 'tokyo download' && ++downloads === 2) await held.promise;
  };
  paris.user.writeFile('big', before);
  await until('a first range came', () => downloads >= 2);
  paris.user.writeFile('big', after);
  await paris.agent?.rescan();
  await until('the new version is there', () => cloud.namespace.at('root', 'big')?.mtime === mtimeOf(paris));
  held.resolve();
  const seen = new Set<string>();
  const { volume } = tokyo.volume;
  volume.listen(() => {
    if (volume.find('big', 'stat') !== undefined) seen.add(lettersOf(tokyo.user.read('big')));
  });
  await converge(cloud, paris, tokyo);
  expect([...seen].filter((letters) => letters !== 'a' && letters !== 'b')).toEqual([]);
  expect(lettersOf(tokyo.user.read('big'))).toBe('b');
});

test('a request that was given up has its slot to itself: arriving late, it fills none that a commit names (I5)', async () => {
  const backend = cloud.backend('paris');
  const made: string[] = [];
  const failOnce = async <T>(slot: string, work: () => Promise<T>): Promise<T> => {
    made.push(slot);
    const answer = await work();
    if (made.length % 2 === 1) throw new TidewayError('unreachable', 'the answer is lost');
    return answer;
  };
  await paris.start({
    backend: {
      ...backend,
      stageWhole: (slot, ...rest) => failOnce(slot.slot, () => backend.stageWhole(slot, ...rest)),
      stageCreate: (slot, ...rest) => failOnce(slot.slot, () => backend.stageCreate(slot, ...rest)),
    },
  });
  paris.user.writeFile('small', 'some');
  await converge(cloud, paris);
  paris.user.symlink('small', 'link');
  await converge(cloud, paris);
  paris.user.writeFile('large', Buffer.alloc(5 * mebi, 'l'));
  await converge(cloud, paris);
  expect(made.length).toBe(6);
  expect(new Set(made).size).toBe(6);
});

function mtimeOf(site: TestSite): string | undefined {
  return site.user.snapshot().get('big')?.stat.mtimeNs.toString();
}

/** One letter for each block of a mebibyte that differs from the one before. */
function lettersOf(bytes: Uint8Array): string {
  let out = '';
  for (let at = 0; at < bytes.length; at += mebi) {
    const letter = String.fromCharCode(bytes[at] ?? 0);
    if (!out.endsWith(letter)) out += letter;
  }
  return out;
}
