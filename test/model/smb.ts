// People who work on the share itself, over SMB, and post what they changed, as an Event Grid subscriber would.
import { ShareRefusal } from '../../lib/cloud/ports.ts';
import type { SimulatedCloud } from './cloud.ts';
import type { Seen } from './people.ts';
import type { Run } from './run.ts';
import type { Deed } from './step.ts';
import { isOurs } from './watched.ts';

export class Smb {
  readonly #run: Run;
  readonly #cloud: SimulatedCloud;
  readonly #held = new Set<() => void>();
  #texts = 0;

  constructor(run: Run, cloud: SimulatedCloud) {
    this.#run = run;
    this.#cloud = cloud;
  }

  get sees(): Seen {
    const all = this.#cloud.share.walk().filter(([path]) => !isOurs(path));
    return {
      all: all.map(([path]) => path),
      files: all.flatMap(([path, { kind }]) => (kind === 'file' ? [path] : [])),
    };
  }

  /** A text that nobody has written before. */
  readonly write = (): string => `${this.#run.seed} smb ${++this.#texts}`;

  /** Answers whether it could be done. */
  act(deed: Deed): boolean {
    try {
      const changed = this.#do(deed);
      this.#run.trace.add('smb', `${deed.do} ${deed.path} ${deed.to ?? ''}`);
      for (const each of changed) void this.#cloud.changed(each);
      return true;
    } catch (error) {
      if (!(error instanceof ShareRefusal)) throw error;
      return false; // an SMB client is told, and leaves it
    }
  }

  closeAll(): void {
    for (const end of this.#held) end();
  }

  /** Answers the paths that were changed. */
  #do({ do: what, path = '', to = '', text = '', ms = 0 }: Deed): readonly string[] {
    const acts: Readonly<Partial<Record<Deed['do'], () => void>>> = {
      save: () => this.#save(path, text),
      new: () => this.#save(path, text),
      mkdir: () => this.#cloud.share.mkdir(path),
      move: () => this.#move(path, to),
      remove: () => this.#rmtree(path),
      open: () => this.#open(path, ms),
      'delete while open': () => this.#deletePending(path, ms),
    };
    const act = acts[what];
    if (act === undefined) throw impossible;
    act();
    return what === 'open' ? [] : what === 'move' ? [path, to] : [path];
  }

  #move(path: string, to: string): void {
    const { share } = this.#cloud;
    const there = share.find(path);
    if (there === undefined || isIn(to, path)) throw impossible;
    share.rename(path, to, there.kind);
    // Ids do not survive a rename on the share: who edits or deletes the old file meanwhile has not seen the new one.
    for (const entry of [there, ...share.walk(to).map(([, each]) => each)])
      if (entry.kind === 'file') this.#run.ledger.bringBack(entry.content);
  }

  #save(path: string, text: string): void {
    const { share } = this.#cloud;
    const { ledger } = this.#run;
    const bytes = Buffer.from(text);
    const there = share.find(path);
    const old = there?.kind === 'file' ? there.content : undefined;
    ledger.seen(bytes, `smb ${path}`);
    if (old === undefined) share.upload(path, bytes);
    else share.write(path, bytes);
    ledger.save(bytes, `smb ${path}`);
    if (there !== undefined && old !== undefined) this.#erase(there.fileId, old);
  }

  #unlink(path: string): void {
    const there = this.#cloud.share.find(path);
    if (there?.kind !== 'file') throw impossible;
    this.#cloud.share.remove(path, 'file');
    this.#erase(there.fileId, there.content);
  }

  #erase(fileId: string, content: Uint8Array): void {
    const { ledger } = this.#run;
    ledger.erase(content);
    // In its place, and not in the log yet: for its sender it never arrived.
    const logged = this.#cloud.table.rows.some(({ effects }) =>
      effects.some((effect) => 'put' in effect && effect.put.fileId === fileId),
    );
    if (!logged) ledger.bringBack(content);
  }

  #rmtree(path: string): void {
    const { share } = this.#cloud;
    const there = share.find(path);
    if (there === undefined) throw impossible;
    if (there.kind === 'file') {
      this.#unlink(path);
      return;
    }
    for (const name of [...there.children.values()].map((child) => child.name)) this.#rmtree(`${path}/${name}`);
    share.remove(path, 'directory');
  }

  #open(path: string, ms: number): void {
    if (this.#cloud.share.find(path)?.deletePending === true) throw impossible;
    this.#hold(path, ms, this.#cloud.share.open(path));
  }

  #hold(path: string, ms: number, close: () => void): void {
    const { clock, trace, opened } = this.#run;
    opened.add(path);
    const end = (): void => {
      if (!this.#held.delete(end)) return;
      trace.add('smb', `closes ${path}`);
      close();
    };
    this.#held.add(end);
    clock.after(ms, end);
  }

  /** Gone when the last one closes it; until then it is in the way, and so is what is above it. */
  #deletePending(path: string, ms: number): void {
    const { share } = this.#cloud;
    const there = share.find(path);
    if (there?.kind !== 'file' || there.open > 0 || there.deletePending) throw impossible;
    this.#erase(there.fileId, there.content);
    const close = share.open(path);
    const remove = share.deletePending(path);
    this.#hold(path, ms, () => {
      close();
      remove();
      void this.#cloud.changed(path);
    });
  }
}

const impossible = new ShareRefusal('absent', 'ResourceNotFound', 'nothing to work on');

/** The share compares names without case. */
function isIn(path: string, dir: string): boolean {
  return `${path}/`.toLowerCase().startsWith(`${dir}/`.toLowerCase());
}
