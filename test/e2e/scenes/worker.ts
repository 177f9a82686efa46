// Somebody who works at one site, at random and in a hurry, and keeps account of what he had before him. He is never
// sure of that by its name, which may lead elsewhere a moment later: only by the file that he holds open or has moved away.
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmdirSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { codeOf, must } from '../../../lib/base/errors.ts';
import type { SiteFs } from '../../../lib/agent/fs/port.ts';
import { randomInt, type Random } from '../../../lib/base/random.ts';
import { directoriesBelow, filesBelow, pick } from '../support/files.ts';
import { pause } from '../support/wait.ts';
import { contentOf, type Ledger } from './ledger.ts';

/** Somebody else was quicker there. */
const late: ReadonlySet<string> = new Set(['ENOENT', 'EEXIST', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EINVAL']);
/** Names that several sites come upon at once, beside those that one makes up alone. */
const common = ['report.odt', 'notes.txt', 'Budget 2026.ods', 'Größe.txt', 'README'];
const maxDepth = 4;
const mostFiles = 120;

export interface Place {
  readonly name: string;
  readonly root: string;
  /** The same directory, for what Node cannot call. */
  readonly fs: SiteFs;
  /** Outside the root, on the same disk: what is moved here is gone from the site, and is looked at afterwards. */
  readonly bin: string;
}

export class Worker {
  readonly #place: Place;
  readonly #random: Random;
  readonly #ledger: Ledger;
  #count = 0;
  readonly did: Record<string, number> = {};

  constructor(place: Place, random: Random, ledger: Ledger) {
    this.#place = place;
    this.#random = random;
    this.#ledger = ledger;
  }

  /** Does one thing after the other until `done` says so. */
  async work(done: () => boolean): Promise<void> {
    while (!done()) {
      await this.#step();
      await pause(randomInt(this.#random, 60));
    }
  }

  async #step(): Promise<void> {
    try {
      const [way, act] = this.#choose();
      await act();
      this.did[way] = (this.did[way] ?? 0) + 1;
    } catch (error) {
      if (!late.has(codeOf(error))) throw error;
    }
  }

  #choose(): readonly [string, () => void | Promise<void>] {
    const files = filesBelow(this.#place.root);
    const directories = ['', ...directoriesBelow(this.#place.root)];
    const ways: Record<string, () => void | Promise<void>> = {
      create: () => this.#create(path.join(pick(this.#random, directories), this.#name())),
      edit: () => this.#edit(pick(this.#random, files)),
      slowEdit: () => this.#slowEdit(pick(this.#random, files)),
      append: () => this.#append(pick(this.#random, files)),
      exchange: () => this.#exchange(pick(this.#random, files)),
      move: () => this.#move(pick(this.#random, files), path.join(pick(this.#random, directories), this.#name())),
      remove: () => this.#remove(pick(this.#random, files)),
      mkdir: () => this.#mkdir(path.join(pick(this.#random, directories), `dir-${randomInt(this.#random, 5)}`)),
      moveDirectory: () => this.#moveDirectory(pick(this.#random, directories), pick(this.#random, directories)),
      removeTree: () => this.#removeTree(pick(this.#random, directories)),
      dropTree: () => this.#dropTree(pick(this.#random, directories)),
    };
    const likely = ['create', 'create', 'edit', 'append', 'exchange', 'move'];
    const first = files.length < 10 ? 'create' : files.length > mostFiles ? 'remove' : undefined;
    const way =
      first ?? (randomInt(this.#random, 3) > 0 ? pick(this.#random, likely) : pick(this.#random, Object.keys(ways)));
    return [way, must(ways[way], `a way to ${way}`)];
  }

  #create(name: string): void {
    const fd = openSync(this.#at(name), 'wx');
    try {
      this.#write(fd, name);
    } finally {
      closeSync(fd);
    }
  }

  #edit(name: string): void {
    this.#opened(name, (fd, old) => {
      this.#ledger.replaced(old, this.#tell(name));
      ftruncateSync(fd, 0);
      this.#write(fd, name);
    });
  }

  /** Long enough that others may replace the file meanwhile. */
  async #slowEdit(name: string): Promise<void> {
    const fd = openSync(this.#at(name), 'r+');
    try {
      this.#ledger.replaced(readWhole(fd), this.#tell(name));
      const bytes = this.#content();
      const half = bytes.subarray(0, bytes.length / 2);
      ftruncateSync(fd, 0);
      writeSync(fd, half, 0, half.length, 0);
      await pause(100);
      writeSync(fd, bytes, half.length, bytes.length - half.length, half.length);
      this.#ledger.saved(bytes, `${this.#tell(name)} slowly`);
    } finally {
      closeSync(fd);
    }
  }

  #append(name: string): void {
    this.#opened(name, (fd, old) => {
      this.#ledger.replaced(old, this.#tell(name));
      const more = Buffer.from(`and ${this.#tag()}\n`);
      writeSync(fd, more, 0, more.length, old.length);
      this.#ledger.saved(Buffer.concat([old, more]), `${this.#tell(name)} appended`);
    });
  }

  /** The new content takes the name, and what had it is looked at afterwards: whatever that was, it is replaced. */
  async #exchange(name: string): Promise<void> {
    const beside = path.join(path.dirname(name), `.${this.#tag()}.new`);
    this.#create(beside);
    try {
      await this.#place.fs.exchange(beside, name);
    } finally {
      this.#remove(beside);
    }
  }

  async #move(from: string, to: string): Promise<void> {
    await this.#place.fs.rename(from, to, false);
  }

  /** Whatever has the name goes, and is looked at afterwards. */
  #remove(name: string): void {
    const gone = path.join(this.#place.bin, this.#tag());
    renameSync(this.#at(name), gone);
    const files = statSync(gone).isDirectory() ? filesBelow(gone).map((file) => path.join(gone, file)) : [gone];
    for (const file of files) this.#ledger.deleted(readFileSync(file), this.#tell(name));
  }

  #mkdir(name: string): void {
    if (name.split('/').length <= maxDepth) mkdirSync(this.#at(name));
  }

  async #moveDirectory(from: string, into: string): Promise<void> {
    const to = path.join(into, `moved-${randomInt(this.#random, 5)}`);
    const depth = Math.max(0, ...directoriesBelow(this.#at(from)).map((each) => each.split('/').length));
    if (from === '' || `${to}/`.startsWith(`${from}/`) || to.split('/').length + depth > maxDepth) return;
    await this.#move(from, to);
  }

  /** One by one, as `rm -r` does; what comes in meanwhile stays, with its directories. */
  #removeTree(name: string): void {
    if (name === '') return;
    for (const file of filesBelow(this.#at(name))) this.#remove(path.join(name, file));
    for (const dir of ['', ...directoriesBelow(this.#at(name))].toReversed()) rmdirSync(this.#at(path.join(name, dir)));
  }

  /** All at once: moved out of the site. */
  #dropTree(name: string): void {
    if (name !== '') this.#remove(name);
  }

  #opened(name: string, work: (fd: number, old: Buffer) => void): void {
    const fd = openSync(this.#at(name), 'r+');
    try {
      work(fd, readWhole(fd));
    } finally {
      closeSync(fd);
    }
  }

  #write(fd: number, name: string): void {
    const bytes = this.#content();
    for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done, done);
    this.#ledger.saved(bytes, this.#tell(name));
  }

  /** Now and then of more than one block. */
  #content(): Buffer {
    const size = randomInt(this.#random, 40) === 0 ? 5 * 1024 * 1024 : 1 + randomInt(this.#random, 20_000);
    return contentOf(this.#tag(), size, randomInt(this.#random, 255));
  }

  #name(): string {
    return randomInt(this.#random, 3) === 0 ? pick(this.#random, common) : `file-${this.#tag()}`;
  }

  #tag(): string {
    return `${this.#place.name}-${this.#count++}`;
  }

  #tell(name: string): string {
    return `${this.#place.name}:${name}`;
  }

  #at(name: string): string {
    return path.join(this.#place.root, name);
  }
}

function readWhole(fd: number): Buffer {
  const bytes = Buffer.alloc(fstatSync(fd).size);
  for (let done = 0; done < bytes.length;) {
    const got = readSync(fd, bytes, done, bytes.length - done, done);
    if (got === 0) break;
    done += got;
  }
  return bytes;
}
