import type { Clock } from '../../base/clock.ts';
import { systemError } from './errors.ts';
import type {
  Capabilities,
  Details,
  Entry,
  FileStat,
  NewFile,
  ReadFile,
  SiteFs,
  Space,
  Surveyed,
  WholeFile,
  WriteFile,
  Xattrs,
} from './port.ts';
import { surveyOf } from './survey.ts';
import { readWhole, writeWhole } from './whole.ts';

export type FsFault =
  /** `after`: the call took effect all the same, and its caller cannot know. */
  | { readonly kind: 'error'; readonly code: string; readonly when: 'before' | 'after' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** The call waits until the promise settles; a rejection is what it throws. */
  | { readonly kind: 'hold'; readonly until: Promise<void> };

interface Rule {
  readonly match: RegExp;
  readonly fault: FsFault;
  left: number;
}

/**
 * Any file system on a bad day. A call is described by one line, its name and paths: `list dir`, `rename from to`, and
 * for an open file `file.write path`, `file.sync path` ...; the first rule that fits, and is not used up, strikes.
 */
export class FaultyFs implements SiteFs {
  readonly #fs: SiteFs;
  readonly #clock: Clock;
  readonly #rules: Rule[] = [];

  constructor(fs: SiteFs, clock: Clock) {
    this.#fs = fs;
    this.#clock = clock;
  }

  add(match: RegExp, fault: FsFault, times = 1): void {
    this.#rules.push({ match, fault, left: times });
  }

  clear(): void {
    this.#rules.length = 0;
  }

  get root(): string {
    return this.#fs.root;
  }

  get capabilities(): Capabilities {
    return this.#fs.capabilities;
  }

  list(dir: string): Promise<readonly Entry[]> {
    return this.#call('list', [dir], () => this.#fs.list(dir));
  }

  survey(dirs: readonly string[]): Promise<readonly Surveyed[]> {
    return surveyOf(this, dirs);
  }

  stat(path: string): Promise<FileStat | null> {
    return this.#call('stat', [path], () => this.#fs.stat(path));
  }

  async open(path: string): Promise<ReadFile> {
    const file = await this.#call('open', [path], () => this.#fs.open(path));
    return {
      ...this.#common(file, path),
      read: (offset, length) => this.#call('file.read', [path], () => file.read(offset, length)),
      nextData: (offset) => this.#call('file.seek', [path], () => file.nextData(offset)),
    };
  }

  readWhole(path: string, limit: number): Promise<WholeFile | null> {
    return readWhole(this, path, limit);
  }

  writeWhole(path: string, content: NewFile, sync: boolean): Promise<FileStat> {
    return writeWhole(this, path, content, sync);
  }

  async create(path: string, mode: number): Promise<WriteFile> {
    const file = await this.#call('create', [path], () => this.#fs.create(path, mode));
    return {
      ...this.#common(file, path),
      write: (offset, bytes) => this.#call('file.write', [path], () => file.write(offset, bytes)),
      truncate: (size) => this.#call('file.truncate', [path], () => file.truncate(size)),
      chmod: (bits) => this.#call('file.chmod', [path], () => file.chmod(bits)),
      utimes: (mtimeNs) => this.#call('file.utimes', [path], () => file.utimes(mtimeNs)),
      sync: () => this.#call('file.sync', [path], () => file.sync()),
    };
  }

  mkdir(path: string, mode: number): Promise<void> {
    return this.#call('mkdir', [path], () => this.#fs.mkdir(path, mode));
  }

  rmdir(path: string): Promise<void> {
    return this.#call('rmdir', [path], () => this.#fs.rmdir(path));
  }

  unlink(path: string): Promise<void> {
    return this.#call('unlink', [path], () => this.#fs.unlink(path));
  }

  rename(from: string, to: string, replace: boolean): Promise<void> {
    return this.#call('rename', [from, to], () => this.#fs.rename(from, to, replace));
  }

  exchange(a: string, b: string): Promise<void> {
    return this.#call('exchange', [a, b], () => this.#fs.exchange(a, b));
  }

  link(from: string, to: string): Promise<void> {
    return this.#call('link', [from, to], () => this.#fs.link(from, to));
  }

  chmod(path: string, mode: number): Promise<void> {
    return this.#call('chmod', [path], () => this.#fs.chmod(path, mode));
  }

  utimes(path: string, mtimeNs: bigint): Promise<void> {
    return this.#call('utimes', [path], () => this.#fs.utimes(path, mtimeNs));
  }

  chown(path: string, uid: number, gid: number): Promise<void> {
    return this.#call('chown', [path], () => this.#fs.chown(path, uid, gid));
  }

  symlink(target: string, path: string): Promise<void> {
    return this.#call('symlink', [path], () => this.#fs.symlink(target, path));
  }

  details(dir: string, names: readonly string[]): Promise<readonly (Details | null)[]> {
    return this.#call('details', [dir, ...names], () => this.#fs.details(dir, names));
  }

  setXattrs(path: string, xattrs: Xattrs): Promise<void> {
    return this.#call('setXattrs', [path], () => this.#fs.setXattrs(path, xattrs));
  }

  copyAccess(from: string, to: string): Promise<boolean> {
    return this.#call('copyAccess', [from, to], () => this.#fs.copyAccess(from, to));
  }

  sync(): Promise<void> {
    return this.#call('sync', [], () => this.#fs.sync());
  }

  syncPaths(paths: readonly string[]): Promise<readonly (FileStat | null)[]> {
    return this.#call('syncPaths', paths, () => this.#fs.syncPaths(paths));
  }

  isOpen(path: string): Promise<boolean | undefined> {
    return this.#call('isOpen', [path], () => this.#fs.isOpen(path));
  }

  space(): Promise<Space> {
    return this.#call('space', [], () => this.#fs.space());
  }

  close(): Promise<void> {
    return this.#fs.close();
  }

  #common(file: ReadFile | WriteFile, path: string): Pick<ReadFile, 'stat' | 'close'> {
    return {
      stat: () => this.#call('file.stat', [path], () => file.stat()),
      close: () => this.#call('file.close', [path], () => file.close()),
    };
  }

  async #call<T>(name: string, paths: readonly string[], run: () => Promise<T>): Promise<T> {
    const fault = this.#take([name, ...paths].join(' '));
    if (fault === undefined) return run();
    if (fault.kind === 'delay') await this.#clock.sleep(fault.ms);
    if (fault.kind === 'hold') await fault.until;
    if (fault.kind !== 'error') return run();
    if (fault.when === 'after') await run();
    throw systemError(fault.code, name, ...paths);
  }

  #take(line: string): FsFault | undefined {
    const rule = this.#rules.find(({ match, left }) => left > 0 && match.test(line));
    if (rule === undefined) return undefined;
    rule.left--;
    return rule.fault;
  }
}
