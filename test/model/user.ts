// People and programs on a server, working on its disk beside the agent, and what the ledger has to know of it.
import { codeOf } from '../../lib/base/errors.ts';
import type { Inode } from '../../lib/agent/fs/memory-inode.ts';
import type { Seen } from './people.ts';
import { copyBack, remake, type Hands } from './remake.ts';
import type { Run } from './run.ts';
import type { Site } from './site.ts';
import type { Deed } from './step.ts';
import { isOurs } from './watched.ts';

export class User {
  readonly #run: Run;
  readonly #site: Site;
  /** Programs that keep a file open, work that takes a while, and what ends them. */
  readonly #programs = new Set<() => void>();
  /** What a user took away by himself: nobody has to keep what a program writes to it afterwards. */
  readonly #unlinked = new Set<Inode>();
  #texts = 0;

  constructor(run: Run, site: Site) {
    this.#run = run;
    this.#site = site;
  }

  get sees(): Seen {
    const all = [...this.#site.files()];
    return { all: all.map(([path]) => path), files: all.flatMap(([path, data]) => (data === undefined ? [] : [path])) };
  }

  /** A text that nobody has written before. */
  readonly write = (times: number): string => `${this.#run.seed} ${this.#site.name} ${++this.#texts} `.repeat(times);

  /** Answers whether it could be done. */
  act(deed: Deed): boolean {
    const { path = '', to = '', text = '', ms = 0 } = deed;
    const { user, volume, clock } = this.#site;
    const put = (parents: boolean): void => {
      if (parents) user.mkdirp(path.split('/').slice(0, -1).join('/'));
      user.writeFile(path, text);
      this.#saved(path);
    };
    const append = (): void => {
      user.appendFile(path, text);
      this.#saved(path);
    };
    // As most editors do: whole under another name, then renamed over.
    const beside = `${path}.swp`;
    const save = (): void => {
      user.writeFile(beside, text);
      this.#saved(beside);
      user.rename(beside, path);
    };
    const move = (): void => {
      const same = volume.find(path, 'stat') === volume.find(to, 'stat');
      if (same) throw Object.assign(new Error('same'), { code: 'EINVAL' });
      user.rename(path, to);
    };
    const acts: Readonly<Partial<Record<Deed['do'], () => boolean>>> = {
      write: () => this.#do(deed, [path], () => put(false)),
      new: () => this.#do(deed, [path], () => put(true)),
      append: () => this.#do(deed, [path], append),
      save: () => this.#do(deed, [path, beside], save),
      mkdir: () => this.#do(deed, [], () => user.mkdirp(path)),
      move: () => this.#do(deed, path === to ? [] : [to], move),
      remove: () => this.#do(deed, [path], () => user.rm(path)),
      swap: () => path !== to && this.#do(deed, [], () => volume.rename(path, to, 'exchange')),
      remake: () => this.#slowly(deed, remake),
      'copy back': () => this.#slowly(deed, copyBack),
      program: () => this.#program(deed),
      chmod: () => this.#do(deed, [], () => user.chmod(path, deed.mode ?? 0o644)),
      touch: () => this.#do(deed, [], () => user.utimes(path, BigInt(clock.now() - ms) * 1_000_000n + 123_457n)),
    };
    return acts[deed.do]?.() ?? false;
  }

  /** Work that takes a while, step by step; at the end of the day the rest of it is done at once. Answers whether it began. */
  #slowly(deed: Deed, work: (deed: Deed, hands: Hands) => Generator<number, void>): boolean {
    const { user, volume, name } = this.#site;
    const steps = work(deed, {
      user,
      do: (over, act) => this.#do(deed, over, act),
      made: (path, data, taken) => {
        volume.syncInode(volume.get(path, 'stat'));
        if (data.length > 0) this.#run.ledger.remake(data, taken, `${name} ${path}`);
      },
    });
    const isHere = (): boolean => this.#programs.has(end) && volume === this.#site.volume && this.#site.mounted;
    const end = (): void => {
      while (isHere()) if (steps.next().done === true) break;
      this.#programs.delete(end);
    };
    const next = (): void => {
      const step = isHere() ? steps.next() : { done: true as const };
      if (step.done === true) this.#programs.delete(end);
      else this.#run.clock.after(step.value, next);
    };
    this.#programs.add(end);
    next();
    return this.#programs.has(end);
  }

  /** Programs close what they have open. */
  closeAll(): void {
    for (const end of this.#programs) end();
  }

  #saved(path: string): void {
    const inode = this.#site.volume.get(path, 'stat');
    this.#run.ledger.save(inode.data, `${this.#site.name} ${path}`);
    // What was not flushed may come back from a power loss torn and with the times of the whole: nobody could tell.
    this.#site.volume.syncInode(inode);
  }

  /** Opens a file, writes to it now and then whatever happens to its name, and closes it. */
  #program(deed: Deed): boolean {
    const { clock, ledger, trace } = this.#run;
    const { path = '', writes = [], ms = 0 } = deed;
    return this.#do(deed, [], () => {
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
      this.#programs.add(end);
      for (const [after, text] of writes)
        clock.after(after, () => {
          if (!this.#programs.has(end) || volume !== this.#site.volume) return;
          ledger.destroy(inode.data);
          this.#byHand(() => handle.write(inode.data.length, Buffer.from(text)));
          volume.syncInode(inode);
          ledger.seen(inode.data, `${this.#site.name} ${path} in the middle`);
          written = true;
        });
      clock.after(ms, end);
    });
  }

  /** One command; what is at the paths of `over` is destroyed by it. What cannot be done is left undone, as a shell would say. */
  #do({ do: what, path = '', to = '' }: Deed, over: readonly string[], work: () => void): boolean {
    const victims = over.flatMap((at) => this.#below(at)).map((inode) => ({ inode, data: inode.data }));
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
    this.#run.trace.add(this.#site.name, `user: ${what} ${path} ${to}`);
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
