// The file system in memory against the kernel: the same operations, the same answers, the same trees.
import { expect, test } from '@jest/globals';
import fc from '../../support/property.ts';
import { codeOf } from '../../../lib/base/errors.ts';
import { joinPath } from '../../../lib/agent/fs/names.ts';
import type { ReadFile, SiteFs, WriteFile } from '../../../lib/agent/fs/port.ts';
import { memorySite, nativeSite } from './site.ts';

type Step =
  | { readonly call: 'mkdir' | 'rmdir' | 'unlink' | 'put' | 'create' | 'open' | 'stat' | 'list'; readonly path: string }
  | { readonly call: 'move' | 'replace' | 'exchange' | 'link'; readonly path: string; readonly to: string }
  | { readonly call: 'chmod'; readonly path: string; readonly mode: number }
  | { readonly call: 'utimes'; readonly path: string; readonly mtimeNs: bigint }
  | { readonly call: 'write' | 'truncate' | 'read'; readonly handle: number; readonly at: number }
  | { readonly call: 'close' | 'isOpen'; readonly handle: number };

interface Handle {
  readonly path: string;
  readonly file: ReadFile & Partial<WriteFile>;
}

/** Times below are set by the test, times above by the clock. */
const madeUpBelow = 1_500_000_000_000_000_000n;

const name = fc.constantFrom('a', 'b', 'c', 'é', '\udcff');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const handle = fc.nat(3);
const at = fc.nat(6000);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ call: fc.constantFrom('mkdir', 'put', 'mkdir', 'put', 'create'), path }),
  fc.record({ call: fc.constantFrom('rmdir', 'unlink', 'open', 'stat', 'list'), path }),
  fc.record({ call: fc.constantFrom('move', 'replace', 'exchange', 'link'), path, to: path }),
  fc.record({ call: fc.constant('chmod'), path, mode: fc.constantFrom(0o644, 0o600, 0o755) }),
  fc.record({ call: fc.constant('utimes'), path, mtimeNs: fc.bigInt(0n, madeUpBelow - 1n) }),
  fc.record({ call: fc.constantFrom('write', 'truncate', 'read'), handle, at }),
  fc.record({ call: fc.constantFrom('close', 'isOpen'), handle }),
);

test('memory answers as the kernel does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
      await using native = await nativeSite();
      await using memory = await memorySite();
      const [kernel, model] = [new Driver(native.fs), new Driver(memory.fs)];
      try {
        for (const one of steps) expect([one, await model.run(one)]).toEqual([one, await kernel.run(one)]);
        expect(await tree(memory.fs)).toEqual(await tree(native.fs));
      } finally {
        await Promise.all([kernel.close(), model.close()]);
      }
    }),
    { numRuns: 250 },
  );
});

/** Answers with what the call gave, or with the code of its error. */
class Driver {
  readonly #fs: SiteFs;
  readonly #handles: Handle[] = [];

  constructor(fs: SiteFs) {
    this.#fs = fs;
  }

  async run(one: Step): Promise<unknown> {
    try {
      return 'handle' in one ? await this.#onHandle(one) : await this.#onPath(one);
    } catch (error) {
      if (codeOf(error) === '') throw error;
      return codeOf(error);
    }
  }

  async close(): Promise<void> {
    for (const { file } of this.#handles) await file.close();
  }

  async #onPath(one: Exclude<Step, { handle: number }>): Promise<unknown> {
    const fs = this.#fs;
    switch (one.call) {
      case 'mkdir':
        return fs.mkdir(one.path, 0o755);
      case 'rmdir':
        return fs.rmdir(one.path);
      case 'unlink':
        return fs.unlink(one.path);
      case 'put':
      case 'create': {
        const file = await fs.create(one.path, 0o644);
        await file.write(0, Buffer.from(one.path));
        if (one.call === 'put') return file.close();
        this.#handles.unshift({ path: one.path, file: file as WriteFile & ReadFile });
        return undefined;
      }
      case 'open': {
        const file = await fs.open(one.path);
        this.#handles.unshift({
          path: one.path,
          file: {
            stat: () => file.stat(),
            read: (offset, length) => file.read(offset, length),
            nextData: (offset) => file.nextData(offset),
            close: () => file.close(),
          },
        });
        return undefined;
      }
      case 'stat':
        return (await fs.stat(one.path))?.kind;
      case 'list':
        return (await fs.list(one.path)).map((entry) => entry.name).sort();
      case 'move':
      case 'replace':
        return fs.rename(one.path, one.to, one.call === 'replace');
      case 'exchange':
        return fs.exchange(one.path, one.to);
      case 'link':
        return fs.link(one.path, one.to);
      case 'chmod':
        return fs.chmod(one.path, one.mode);
      case 'utimes':
        return fs.utimes(one.path, one.mtimeNs);
    }
  }

  async #onHandle(one: Extract<Step, { handle: number }>): Promise<unknown> {
    const found = this.#handles[one.handle];
    if (found === undefined) return 'none';
    const { file, path: opened } = found;
    switch (one.call) {
      case 'write':
        return file.write?.(one.at, Buffer.from(`at ${one.at}`));
      case 'truncate':
        return file.truncate?.(one.at);
      case 'read':
        return Buffer.from(await file.read(one.at, 4000)).toString('hex');
      case 'isOpen':
        return this.#fs.isOpen(opened);
      case 'close':
        this.#handles.splice(one.handle, 1);
        return file.close();
    }
  }
}

/** Everything that does not depend on the clock or on which numbers inodes get; hard links by the first of their names. */
async function tree(fs: SiteFs): Promise<ReadonlyMap<string, unknown>> {
  const found = new Map<string, unknown>();
  const firstName = new Map<bigint, string>();
  const walk = async (dir: string): Promise<void> => {
    for (const { name: leaf, stat } of [...(await fs.list(dir))].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const child = joinPath(dir, leaf);
      if (!firstName.has(stat.ino)) firstName.set(stat.ino, child);
      const { kind, mode, links, mtimeNs } = stat;
      const set = mtimeNs < madeUpBelow ? mtimeNs : undefined;
      const content = kind === 'file' ? await bytes(fs, child) : undefined;
      found.set(child, { kind, mode, links, set, content, same: firstName.get(stat.ino) });
      if (kind === 'directory') await walk(child);
    }
  };
  await walk('');
  return found;
}

async function bytes(fs: SiteFs, file: string): Promise<string> {
  const open = await fs.open(file);
  const content = await open.read(0, (await open.stat()).size);
  await open.close();
  return Buffer.from(content).toString('hex');
}
