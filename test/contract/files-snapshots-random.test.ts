import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ShareClient } from '@azure/storage-file-share';
import { randomInt, seededRandom, type Random } from '../../lib/base/random.ts';
import { swept, world, type World } from '../local/files/world.ts';

// Random work on a share and on a plain model of it, with snapshots made and deleted between: every snapshot must go on
// showing what the model was when it was made, and nothing may be left of what nobody needs any more.

type Tree = Map<string, Buffer | 'directory'>;

const directories = ['', 'd1', 'd2', 'd1/e'];
const names = ['a', 'b', 'c'];
const sizes = [0, 10, 60_000, 70_000, 150_000];

let w: World;
let dir = '';
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tideway-files-snapshots-'));
  w = await world({ dir, retentionDays: 0 });
});
afterAll(() => w.stop());

class Work {
  readonly live: Tree = new Map();
  readonly snapshots = new Map<string, Tree>();
  readonly #share: ShareClient;
  readonly #random: Random;
  #counter = 0;

  constructor(share: ShareClient, random: Random) {
    this.#share = share;
    this.#random = random;
  }

  async step(): Promise<void> {
    const kind = this.#pick(20);
    if (kind === 0) await this.#makeSnapshot();
    else if (kind === 1) await this.#deleteSnapshot();
    else if (kind <= 3) await this.#directory();
    else await this.#file(kind);
  }

  async #makeSnapshot(): Promise<void> {
    const { snapshot = '' } = await this.#share.createSnapshot();
    this.snapshots.set(snapshot, new Map(this.live));
  }

  async #deleteSnapshot(): Promise<void> {
    const id = [...this.snapshots.keys()][this.#pick(this.snapshots.size)];
    if (id === undefined || this.snapshots.size < 4) return;
    await this.#share.withSnapshot(id).delete();
    this.snapshots.delete(id);
  }

  async #directory(): Promise<void> {
    const path = directories[1 + this.#pick(3)] ?? '';
    const client = this.#share.getDirectoryClient(path);
    if (!this.live.has(path)) {
      if (!this.#has(parentOf(path))) return;
      await client.create();
      this.live.set(path, 'directory');
    } else if (this.#below(path).length === 0) {
      await client.delete();
      this.live.delete(path);
    } else {
      const to = `moved-${this.#counter++}`;
      await client.rename(to);
      for (const old of [path, ...this.#below(path)]) this.#move(old, to + old.slice(path.length));
      await this.#share.getDirectoryClient(to).rename(path);
      for (const old of [to, ...this.#below(to)]) this.#move(old, path + old.slice(to.length));
    }
  }

  async #file(kind: number): Promise<void> {
    const path = this.#path();
    const file = this.#share.rootDirectoryClient.getFileClient(path);
    const old = this.live.get(path);
    // What is refused changes nothing, the sum of all sizes included.
    await file.create(5, { fileAttributes: 'Odd' as never }).catch(() => undefined);
    if (!this.#has(parentOf(path))) return;
    if (old === undefined || old === 'directory' || kind < 7) {
      const bytes = Buffer.alloc(sizes[this.#pick(sizes.length)] ?? 0, `v${this.#counter++} `);
      await file.create(bytes.length, bytes.length === 0 ? {} : { content: bytes, contentLength: bytes.length });
      this.live.set(path, bytes);
    } else if (kind < 9) {
      await file.delete();
      this.live.delete(path);
    } else if (kind < 12) {
      const to = this.#path();
      if (to === path || !this.#has(parentOf(to))) return;
      await file.rename(to, { replaceIfExists: true });
      this.#move(path, to);
    } else if (kind === 12) {
      await file.setMetadata({ n: String(this.#counter++) });
    } else if (kind === 13) {
      const size = sizes[this.#pick(sizes.length)] ?? 0;
      await file.resize(size);
      this.live.set(path, Buffer.concat([old.subarray(0, size), Buffer.alloc(Math.max(0, size - old.length))]));
    } else if (old.length > 0) {
      const start = this.#pick(old.length);
      const next = Buffer.from(old);
      if (kind === 14) {
        await file.clearRange(start, old.length - start);
        next.fill(0, start);
      } else {
        const bytes = Buffer.alloc(Math.min(old.length - start, 5000), `r${this.#counter++}`);
        await file.uploadRange(bytes, start, bytes.length);
        bytes.copy(next, start);
      }
      this.live.set(path, next);
    }
  }

  #move(from: string, to: string): void {
    const moved = this.live.get(from);
    this.live.delete(from);
    if (moved !== undefined) this.live.set(to, moved);
  }

  #below(path: string): string[] {
    return [...this.live.keys()].filter((other) => other.startsWith(`${path}/`));
  }

  #has(directory: string): boolean {
    return directory === '' || this.live.get(directory) === 'directory';
  }

  #path(): string {
    const directory = directories[this.#pick(directories.length)] ?? '';
    const name = names[this.#pick(names.length)] ?? 'a';
    return directory === '' ? name : `${directory}/${name}`;
  }

  #pick(bound: number): number {
    return randomInt(this.#random, Math.max(bound, 1));
  }
}

function parentOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

async function read(share: ShareClient, path = ''): Promise<Tree> {
  const tree: Tree = new Map();
  for await (const item of share.getDirectoryClient(path).listFilesAndDirectories()) {
    const below = path === '' ? item.name : `${path}/${item.name}`;
    if (item.kind === 'directory') {
      tree.set(below, 'directory');
      for (const [name, what] of await read(share, below)) tree.set(name, what);
    } else tree.set(below, await share.rootDirectoryClient.getFileClient(below).downloadToBuffer());
  }
  return tree;
}

function bytesIn(tree: Tree): number {
  return [...tree.values()].reduce((sum, what) => sum + (what === 'directory' ? 0 : what.length), 0);
}

/** Text that says where two trees differ. */
function plain(tree: Tree): string[] {
  return [...tree]
    .map(([path, what]) => (what === 'directory' ? `${path}/` : `${path} ${what.length} ${what.toString('base64')}`))
    .toSorted();
}

const seed = Number(process.env['SEED'] ?? 20_261);
const steps = Number(process.env['STEPS'] ?? 240);
/** Bounds a hang; it takes two seconds on an idle machine. */
const timeout = 60_000;

test(
  `snapshots of random work (SEED=${seed}) stay what they were`,
  async () => {
    const work = new Work(w.share, seededRandom(seed));
    for (let step = 1; step <= steps; step++) {
      await work.step();
      if (step % 80 !== 0) continue;
      for (const [id, tree] of work.snapshots)
        expect({ step, tree: plain(await read(w.share.withSnapshot(id))) }).toEqual({ step, tree: plain(tree) });
      expect(plain(await read(w.share))).toEqual(plain(work.live));
      expect((await w.share.getStatistics()).shareUsageBytes).toBe(bytesIn(work.live));
    }
    expect(work.snapshots.size).toBeGreaterThan(0);

    // The newest first, then the oldest, then the others: each time the rest must be untouched.
    for (let left = [...work.snapshots.keys()]; left.length > 0;) {
      const id = left.length % 2 === 0 ? left.pop() : left.shift();
      await w.share.withSnapshot(id ?? '').delete();
      work.snapshots.delete(id ?? '');
    }
    expect(plain(await read(w.share))).toEqual(plain(work.live));
    await w.share.delete();
    await w.service.stop();
    expect(await swept(dir)).toEqual({ node: 0, past: 0, content: 0, snapshot: 0, share: 0, files: 0 });
  },
  timeout,
);
