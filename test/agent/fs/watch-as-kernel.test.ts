// The watch in memory against inotify: the same work, the same events.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from '../../support/property.ts';
import { codeOf } from '../../../lib/base/errors.ts';
import { MemoryUser } from '../../../lib/agent/fs/memory-user.ts';
import { memoryWatch } from '../../../lib/agent/fs/memory-watch.ts';
import { watchOf } from '../../../lib/agent/fs/watch.ts';
import { Heard, textOf } from './heard.ts';
import { memorySite, nativeSite } from './site.ts';

/** What somebody at the server does. */
type Work = Pick<MemoryUser, 'writeFile' | 'appendFile' | 'rename' | 'link' | 'chmod'> & {
  remove(path: string): void;
  mkdir(path: string): void;
};

interface Step {
  readonly call: keyof Work;
  readonly path: string;
  readonly to: string;
}

const watched = ['', 'd', 'e', 'd/f'];
const path = fc.constantFrom('a', 'b', 'd/a', 'd/b', 'e/a', 'd/f/a', 'd/f', 'e/f', 'u/a', 'u/b', 'u/f', 'e', 'x');
const step: fc.Arbitrary<Step> = fc.record({
  call: fc.constantFrom<keyof Work>(
    'writeFile',
    'writeFile',
    'appendFile',
    'rename',
    'rename',
    'remove',
    'chmod',
    'mkdir',
  ),
  path,
  to: path,
});

test('the watch in memory tells what inotify tells', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      await using native = await nativeSite();
      await using memory = await memorySite();
      const user = new MemoryUser(memory.fs.volume);
      const kernel = onKernel(native.fs.root);
      for (const work of [kernel, inMemory(user)]) for (const dir of ['d', 'e', 'u', 'd/f']) work.mkdir(dir);
      await using real = await Heard.by(watchOf(native.fs), ...watched);
      await using model = await Heard.by(memoryWatch(memory.fs.volume), ...watched);
      for (const one of [...steps, { call: 'mkdir', path: 'end', to: '' } as const])
        expect([one, attempt(kernel, one)]).toEqual([one, attempt(inMemory(user), one)]);
      const [told, wanted] = [await everything(model), await everything(real)];
      expect(new Set(told)).toEqual(new Set(wanted));
      expect(inOrder(told)).toEqual(inOrder(wanted));
    }),
    { numRuns: 40 },
  );
});

async function everything(heard: Heard): Promise<readonly string[]> {
  return heard.when((events) => {
    const texts = events.map(textOf);
    return texts.includes('changed end') ? texts : undefined;
  }, 'the end');
}

/**
 * As one batch, since where the kernel's events are cut into batches is a matter of time; and without those that only
 * ask for a scan, since a directory that was replaced is asked for at the end of its batch.
 */
function inOrder(texts: readonly string[]): readonly string[] {
  const said = new Map<string, string>();
  return texts.filter((text) => {
    const [kind = '', at = ''] = text.split(' ');
    if (kind === 'moved') said.clear();
    else if (kind === 'changed' || said.get(at) === kind) return false;
    else said.set(at, kind);
    return true;
  });
}

function attempt(work: Work, { call, path: from, to }: Step): string {
  try {
    if (call === 'rename' || call === 'link') work[call](from, to);
    else if (call === 'writeFile' || call === 'appendFile') work[call](from, 'text');
    else if (call === 'chmod') work.chmod(from, 0o700);
    else work[call](from);
    return 'done';
  } catch (error) {
    if (codeOf(error) === '') throw error;
    return codeOf(error);
  }
}

function onKernel(root: string): Work {
  const at = (one: string): string => join(root, one);
  return {
    writeFile: (one, data) => fs.writeFileSync(at(one), data),
    appendFile: (one, data) => fs.appendFileSync(at(one), data),
    rename: (from, to) => fs.renameSync(at(from), at(to)),
    link: (from, to) => fs.linkSync(at(from), at(to)),
    chmod: (one, mode) => fs.chmodSync(at(one), mode),
    remove: (one) => (fs.lstatSync(at(one)).isDirectory() ? fs.rmdirSync(at(one)) : fs.unlinkSync(at(one))),
    mkdir: (one) => fs.mkdirSync(at(one)),
  };
}

function inMemory(user: MemoryUser): Work {
  return {
    writeFile: (one, data) => user.writeFile(one, data),
    appendFile: (one, data) => user.appendFile(one, data),
    rename: (from, to) => user.rename(from, to),
    link: (from, to) => user.link(from, to),
    chmod: (one, mode) => user.chmod(one, mode),
    remove: (one) => user.remove(one),
    mkdir: (one) => user.mkdir(one),
  };
}
