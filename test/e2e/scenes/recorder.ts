// One name at several sites, what is done to it there, and what was seen in doing so. Every act takes the place of
// something in one call of the kernel, so that what it says it saw is what was there; only agents come in between.
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { SiteFs } from '../../../lib/agent/fs/port.ts';
import { codeOf, must } from '../../../lib/base/errors.ts';
import type { Event, Value } from '../../explain/event.ts';
import type { Workspace } from '../support/workspace.ts';

const file = 'value.txt';
/** Of one length, so that a write in place is one write and leaves nothing of what was there. */
const length = 64;

/** Resolves with whether it was done; undefined: nobody said. */
export type PutOnShare = (name: string, content: Buffer) => Promise<boolean | undefined>;

export class Recorder {
  readonly events: Event[] = [];
  readonly #space: Workspace;
  readonly #sites: readonly string[];
  readonly dir: string;
  /** Opened above all sites, so that what is there can change places with what is not. */
  readonly #fs: SiteFs;
  #made = 0;

  /** `dir` is a directory of its own in every site. */
  constructor(space: Workspace, sites: readonly string[], dir: string, fs: SiteFs) {
    this.#space = space;
    this.#sites = sites;
    this.dir = dir;
    this.#fs = fs;
    mkdirSync(path.join(space.dir, 'aside', dir), { recursive: true });
  }

  read(site: number): void {
    this.events.push({ kind: 'read', site, value: contentOf(this.#at(site)) });
  }

  /** As most programs save: whole, beside it, then renamed over; what was there comes out. */
  async save(site: number): Promise<void> {
    const value = this.#next();
    const aside = this.#aside(value);
    writeFileSync(aside, value);
    const time = timeOf(statSync(aside, { bigint: true }).mtimeNs);
    for (;;) {
      const isNew = await this.#did(() => this.#fs.rename(this.#beneath(aside), this.#beneath(this.#at(site)), false));
      if (isNew) return void this.events.push({ kind: 'write', site, saw: null, value, time });
      // Between the two it may have come or gone: then neither fits, and it is tried again.
      const isThere = await this.#did(() => this.#fs.exchange(this.#beneath(aside), this.#beneath(this.#at(site))));
      if (isThere) return void this.events.push({ kind: 'write', site, saw: contentOf(aside), value, time });
    }
  }

  /** As a database would: through a handle, wherever the file is by then. */
  edit(site: number): void {
    let fd: number;
    try {
      fd = openSync(this.#at(site), 'r+');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      return this.read(site);
    }
    try {
      const old = Buffer.alloc(length);
      readSync(fd, old, 0, length, 0);
      const value = this.#next();
      writeSync(fd, value, 0, 'latin1');
      const time = timeOf(fstatSync(fd, { bigint: true }).mtimeNs);
      this.events.push({ kind: 'write', site, saw: old.toString('latin1'), value, time });
    } finally {
      closeSync(fd);
    }
  }

  async remove(site: number): Promise<void> {
    const aside = this.#aside(`removed-${++this.#made}`);
    const done = await this.#did(() => this.#fs.rename(this.#beneath(this.#at(site)), this.#beneath(aside), false));
    const saw = done ? contentOf(aside) : null;
    this.events.push(saw === null ? { kind: 'read', site, value: null } : { kind: 'remove', site, saw });
  }

  async share(put: PutOnShare): Promise<void> {
    const value = this.#next();
    const done = await put(`${this.dir}/${file}`, Buffer.from(value));
    const event = { kind: 'share', value, time: Date.now() * 1000 } as const;
    if (done !== false) this.events.push(done === undefined ? { ...event, unsure: true } : event);
  }

  /** Since everything was in sync last, at a moment that nobody can tell beside what was done. */
  killed(site: number): void {
    const last = this.events.findLastIndex(({ kind }) => kind === 'rest');
    this.events.splice(last + 1, 0, { kind: 'killed', site });
  }

  /** Everything is in sync. Answers where sites are not the same. */
  rest(): readonly string[] {
    const [first, ...others] = this.#sites.map((_name, site) => this.#contents(site));
    const { [file]: value = null, ...copies } = must(first, 'a site');
    this.events.push({ kind: 'rest', value, copies: Object.values(copies) });
    const isOther = (contents: Readonly<Record<string, string>>): boolean =>
      JSON.stringify(contents) !== JSON.stringify(first);
    return others.some(isOther) ? [first, ...others].map((each) => JSON.stringify(each)) : [];
  }

  #contents(site: number): Readonly<Record<string, string>> {
    const dir = path.dirname(this.#at(site));
    const names = readdirSync(dir).toSorted();
    return Object.fromEntries(names.map((name) => [name, readFileSync(path.join(dir, name), 'latin1')]));
  }

  /** False where the name is taken, or nothing has it. */
  async #did(act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw error;
      return false;
    }
  }

  #next(): string {
    return `${this.dir} ${++this.#made} `.padEnd(length, '.');
  }

  #at(site: number): string {
    return path.join(this.#space.site(must(this.#sites[site], 'a site')), this.dir, file);
  }

  #aside(name: string): string {
    return path.join(this.#space.dir, 'aside', this.dir, name.trim().replaceAll(/[ .]+/g, '-'));
  }

  #beneath(name: string): string {
    return path.relative(this.#space.dir, name);
  }
}

function contentOf(name: string): Value {
  try {
    return readFileSync(name, 'latin1');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Microseconds. */
function timeOf(ns: bigint): number {
  return Number(ns / 1000n);
}
