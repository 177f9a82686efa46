// People and programs on a server, working on its disk beside the agent, and what the ledger has to know of it.
import { codeOf } from '../../lib/base/errors.ts';
import type { Inode } from '../../lib/agent/fs/memory-inode.ts';
import type { Run } from './run.ts';
import type { Site } from './site.ts';
import { isOurs } from './watched.ts';

const names = ['a', 'b', 'c', 'd', 'a', 'b', 'A', 'x:y', 'u.', 'naïve.txt', 'e.doc', 'CON'];
const tools = [
  'write',
  'write',
  'append',
  'append',
  'replace',
  'mkdir',
  'move',
  'move',
  'move',
  'remove',
  'swap',
] as const;
const more = ['program', 'chmod', 'touch'] as const;

export class User {
  readonly #run: Run;
  readonly #site: Site;
  /** Programs that keep a file open, and what ends them. */
  readonly #programs = new Set<() => void>();
  /** What a user took away by himself: nobody has to keep what a program writes to it afterwards. */
  readonly #unlinked = new Set<Inode>();
  #texts = 0;

  constructor(run: Run, site: Site) {
    this.#run = run;
    this.#site = site;
  }

  /** Answers whether anything could be done. */
  act(): boolean {
    const { chance } = this.#run;
    const tool = chance.is(100 - this.#run.stress.programs) ? chance.pick(tools) : chance.pick(more);
    const path = this.#path();
    switch (tool) {
      case 'write':
        return this.#do(`write ${path}`, [path], () => {
          if (chance.is(50)) this.#site.user.mkdirp(path.split('/').slice(0, -1).join('/'));
          this.#write(path, this.#text());
        });
      case 'append':
        return this.#append(this.#existing('file') ?? path);
      case 'replace':
        return this.#replace(this.#existing('file') ?? path);
      case 'mkdir':
        return this.#do(`mkdir ${path}`, [], () => this.#site.user.mkdirp(path));
      case 'move':
        return this.#move(this.#existing() ?? path, path);
      case 'remove': {
        const gone = this.#existing() ?? path;
        return this.#do(`rm -r ${gone}`, [gone], () => this.#site.user.rm(gone));
      }
      case 'swap':
        return this.#swap();
      case 'program':
        return this.#program(this.#existing('file') ?? path);
      case 'chmod': {
        const there = this.#existing() ?? path;
        const mode = (this.#site.user.snapshot().get(there)?.data === undefined ? 0o700 : 0o600) | chance.below(64);
        return this.#do(`chmod ${there}`, [], () => this.#site.user.chmod(there, mode));
      }
      case 'touch': {
        const there = this.#existing('file') ?? path;
        const time =
          BigInt(this.#site.clock.now() - chance.below(100_000)) * 1_000_000n + BigInt(chance.below(1_000_000));
        return this.#do(`touch ${there}`, [], () => this.#site.user.utimes(there, time));
      }
      case undefined:
        return false;
    }
  }

  /** Programs close what they have open. */
  closeAll(): void {
    for (const end of this.#programs) end();
  }

  #text(): Uint8Array {
    const { chance, seed } = this.#run;
    const text = `${seed} ${this.#site.name} ${++this.#texts} `;
    return Buffer.from(text.repeat(1 + chance.below(3)));
  }

  #path(): string {
    const { chance } = this.#run;
    return Array.from({ length: 1 + chance.below(3) }, () => chance.pick(names) ?? 'a').join('/');
  }

  #existing(kind?: 'file'): string | undefined {
    const all = [...this.#site.files()].filter(([, data]) => kind === undefined || data !== undefined);
    return this.#run.chance.pick(all)?.[0];
  }

  #write(path: string, data: Uint8Array): void {
    this.#site.user.writeFile(path, data);
    this.#saved(path);
  }

  #saved(path: string): void {
    const inode = this.#site.volume.get(path, 'stat');
    this.#run.ledger.save(inode.data, `${this.#site.name} ${path}`);
    // What was not flushed may come back from a power loss torn and with the times of the whole: nobody could tell.
    this.#site.volume.syncInode(inode);
  }

  #append(path: string): boolean {
    const data = this.#text();
    return this.#do(`append ${path}`, [path], () => {
      this.#site.user.appendFile(path, data);
      this.#saved(path);
    });
  }

  /** As most editors save: whole under another name, then renamed over. */
  #replace(path: string): boolean {
    const beside = `${path}.swp`;
    return this.#do(`save ${path}`, [path, beside], () => {
      this.#write(beside, this.#text());
      this.#site.user.rename(beside, path);
    });
  }

  #move(from: string, to: string): boolean {
    const target = this.#site.volume.find.bind(this.#site.volume);
    return this.#do(`mv ${from} ${to}`, from === to ? [] : [to], () => {
      if (target(from, 'stat') === target(to, 'stat')) throw Object.assign(new Error('same'), { code: 'EINVAL' });
      this.#site.user.rename(from, to);
    });
  }

  #swap(): boolean {
    const [a, b] = [this.#existing(), this.#existing()];
    if (a === undefined || b === undefined || a === b) return false;
    return this.#do(`swap ${a} ${b}`, [], () => this.#site.volume.rename(a, b, 'exchange'));
  }

  /** Opens a file, writes to it now and then whatever happens to its name, and closes it. */
  #program(path: string): boolean {
    const { clock, chance, ledger, trace } = this.#run;
    return this.#do(`open ${path}`, [], () => {
      const { volume } = this.#site;
      const handle = this.#site.user.open(path);
      const inode = volume.get(path, 'stat');
      if (inode.data.length === 0) ledger.seen(inode.data, 'empty');
      let written = false;
      const end = (): void => {
        if (!this.#programs.delete(end) || volume !== this.#site.volume) return;
        this.#byHand(() => void handle.close());
        if (!written) return;
        trace.add(this.#site.name, `user closes ${path} (${inode.places.map(({ name }) => name).join()})`);
        if (!this.#unlinked.has(inode)) ledger.save(inode.data, `${this.#site.name} ${path} by a program`);
      };
      const write = (): void => {
        if (!this.#programs.has(end) || volume !== this.#site.volume) return;
        ledger.destroy(inode.data);
        this.#byHand(() => handle.write(inode.data.length, this.#text()));
        volume.syncInode(inode);
        ledger.seen(inode.data, `${this.#site.name} ${path} in the middle`);
        written = true;
      };
      this.#programs.add(end);
      for (let times = 1 + chance.below(3); times > 0; times--) clock.after(chance.below(3000), write);
      clock.after(3000 + chance.below(3000), end);
    });
  }

  /** One command; what is at the paths of `over` is destroyed by it. What cannot be done is left undone, as a shell would say. */
  #do(what: string, over: readonly string[], work: () => void): boolean {
    const victims = over.flatMap((path) => this.#below(path)).map((inode) => ({ inode, data: inode.data }));
    try {
      this.#byHand(work);
    } catch (error) {
      if (codeOf(error) === '') throw error;
      return false;
    }
    for (const { inode, data } of victims) {
      const gone = inode.places.length === 0;
      if (gone) this.#unlinked.add(inode);
      if (gone || inode.data !== data) this.#run.ledger.destroy(data);
    }
    this.#run.trace.add(this.#site.name, `user: ${what}`);
    return true;
  }

  #byHand(work: () => void): void {
    this.#site.hand = 'user';
    try {
      work();
    } finally {
      this.#site.hand = 'nobody';
    }
  }

  #below(path: string): readonly Inode[] {
    const out: Inode[] = [];
    for (const at of this.#site.files().keys()) {
      if (at !== path && !at.startsWith(`${path}/`)) continue;
      const inode = this.#site.volume.find(at, 'stat');
      if (inode?.kind === 'file' && !isOurs(at)) out.push(inode);
    }
    return out;
  }
}
