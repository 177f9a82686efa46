// People who work on the share itself, over SMB, and post what they changed, as an Event Grid subscriber would.
import { ShareRefusal } from '../../lib/cloud/ports.ts';
import type { SimulatedCloud } from './cloud.ts';
import type { Run } from './run.ts';
import { isOurs } from './watched.ts';

const names = ['a', 'b', 'c', 'd', 'B'];
const tools = ['save', 'save', 'save', 'new', 'new', 'unlink', 'mkdir', 'rename', 'rmtree', 'open'] as const;

export class Smb {
  readonly #run: Run;
  readonly #cloud: SimulatedCloud;
  readonly #open = new Set<() => void>();
  #texts = 0;

  constructor(run: Run, cloud: SimulatedCloud) {
    this.#run = run;
    this.#cloud = cloud;
  }

  /** Answers whether anything could be done. */
  act(): boolean {
    const { chance, trace } = this.#run;
    const tool = chance.pick(tools);
    const path = this.#path();
    const file = this.#existing('file') ?? path;
    const any = this.#existing() ?? path;
    try {
      const changed = this.#do(tool, path, file, any);
      trace.add('smb', `${tool} ${changed.join(' ')}`);
      for (const each of changed) void this.#cloud.changed(each);
      return true;
    } catch (error) {
      if (!(error instanceof ShareRefusal)) throw error;
      return false; // an SMB client is told, and leaves it
    }
  }

  closeAll(): void {
    for (const end of this.#open) end();
  }

  #do(tool: (typeof tools)[number] | undefined, path: string, file: string, any: string): readonly string[] {
    const { share } = this.#cloud;
    switch (tool) {
      case 'save':
      case 'new':
        return [this.#save(tool === 'save' ? file : path)];
      case 'mkdir':
        share.mkdir(path);
        return [path];
      case 'unlink':
        this.#unlink(file);
        return [file];
      case 'rename': {
        const there = share.find(any);
        if (there === undefined || isIn(path, any)) throw impossible;
        share.rename(any, path, there.kind);
        // Ids do not survive a rename on the share: who edits or deletes the old file meanwhile has not seen the new one.
        for (const entry of [there, ...share.walk(path).map(([, each]) => each)])
          if (entry.kind === 'file') this.#run.ledger.bringBack(entry.content);
        return [any, path];
      }
      case 'rmtree':
        this.#rmtree(any);
        return [any];
      case 'open':
        this.#hold(any);
        return [];
      case undefined:
        return [];
    }
  }

  #save(path: string): string {
    const { share } = this.#cloud;
    const { ledger, seed } = this.#run;
    const bytes = Buffer.from(`${seed} smb ${++this.#texts}`);
    const there = share.find(path);
    const old = there?.kind === 'file' ? there.content : undefined;
    ledger.seen(bytes, `smb ${path}`);
    if (old === undefined) share.upload(path, bytes);
    else share.write(path, bytes);
    ledger.save(bytes, `smb ${path}`);
    if (there !== undefined && old !== undefined) this.#erase(there.fileId, old);
    return path;
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

  #hold(path: string): void {
    const { clock, chance, trace } = this.#run;
    trace.add('smb', `opens ${path}`);
    const close = this.#cloud.share.open(path);
    const end = (): void => {
      if (!this.#open.delete(end)) return;
      trace.add('smb', `closes ${path}`);
      close();
    };
    this.#open.add(end);
    clock.after(chance.below(40_000), end);
  }

  #path(): string {
    const { chance } = this.#run;
    return Array.from({ length: 1 + chance.below(2) }, () => chance.pick(names) ?? 'a').join('/');
  }

  #existing(kind?: 'file'): string | undefined {
    const all = this.#cloud.share
      .walk()
      .filter(([path, entry]) => !isOurs(path) && (kind === undefined || entry.kind === kind));
    return this.#run.chance.pick(all)?.[0];
  }
}

const impossible = new ShareRefusal('absent', 'ResourceNotFound', 'nothing to work on');

/** The share compares names without case. */
function isIn(path: string, dir: string): boolean {
  return `${path}/`.toLowerCase().startsWith(`${dir}/`.toLowerCase());
}
