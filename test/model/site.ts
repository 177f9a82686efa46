// One server: its disk, its users' view of it, and the agent, which dies and comes back. What an agent keeps of its state
// after a kill is what it had committed; after a power loss, what had reached the disk.
import { startAgent, type Agent } from '../../lib/agent/agent.ts';
import { crash } from '../../lib/agent/fs/memory-crash.ts';
import { MemoryFs } from '../../lib/agent/fs/memory-fs.ts';
import { MemoryUser } from '../../lib/agent/fs/memory-user.ts';
import type { MemoryVolume } from '../../lib/agent/fs/memory-volume.ts';
import type { SiteFs } from '../../lib/agent/fs/port.ts';
import { memoryWatch } from '../../lib/agent/fs/memory-watch.ts';
import type { MetaValues } from '../../lib/agent/state/meta.ts';
import type { State } from '../../lib/agent/state/state.ts';
import type { Clock } from '../../lib/base/clock.ts';
import { codeOf, must } from '../../lib/base/errors.ts';
import type { LogRow } from '../../lib/protocol/log-row.ts';
import type { SigningKeys } from '../../lib/protocol/message.ts';
import { Replay } from '../support/replay.ts';
import type { SimulatedCloud } from './cloud.ts';
import { Disk } from './disk.ts';
import { keyOf } from './ledger.ts';
import { instead } from './instead.ts';
import { networkOf, type Line } from './network.ts';
import type { Plants } from './plants.ts';
import type { Run } from './run.ts';
import { isOurs } from './watched.ts';

export interface Enrolled {
  readonly endpoint: string;
  readonly slot: string;
  readonly keys: SigningKeys;
  readonly skew: number;
}

/** One life of the agent. */
interface Process {
  alive: boolean;
  agent: Agent | undefined;
}

export class Site {
  readonly name: string;
  readonly endpoint: string;
  readonly line: Line;
  /** Ahead of or behind the true time, in ms. */
  skew: number;
  volume: MemoryVolume;
  /** Who works on the disk right now, if it is not the agent. */
  hand: 'user' | 'nobody' = 'nobody';
  fsWrites = 0;
  mounted = true;
  disk: Disk;
  /** It failed for want of space, has an old state, or began on the bare directory: only a person can help. */
  needsHelp = false;
  /** Its state may be that of the bare directory. */
  #strayed = false;
  /** No space left for files, and for the state. */
  full = false;
  stateFull = false;
  #backups: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  /** Where the process may have files open. */
  readonly #open: MemoryFs[] = [];
  /** Contents that it gave a name. */
  readonly #placed = new Set<string>();
  readonly #run: Run;
  readonly #cloud: SimulatedCloud;
  readonly #plants: Plants;
  readonly #keys: SigningKeys;
  #process: Process = { alive: false, agent: undefined };
  #stopped: Promise<void> = Promise.resolve();
  #ended = false;
  #state: State | undefined;
  #replay = { replay: new Replay(), cursor: 0 };
  #read: { agent: Agent | undefined; resyncs: number; head: number } = { agent: undefined, resyncs: 0, head: 0 };

  constructor(run: Run, cloud: SimulatedCloud, plants: Plants, name: string, enrolled: Enrolled) {
    this.#run = run;
    this.#cloud = cloud;
    this.#plants = plants;
    this.name = name;
    this.endpoint = enrolled.endpoint;
    this.skew = enrolled.skew;
    this.#keys = enrolled.keys;
    const crash = (): void => this.crash();
    this.line = { endpoint: enrolled.endpoint, server: name, slot: enrolled.slot, offline: false, crash };
    this.volume = new MemoryFs(() => BigInt(this.clock.now()) * 1_000_000n).volume;
    this.disk = this.#watched(new Disk(undefined));
    this.#listen();
  }

  get clock(): Clock {
    const { clock } = this.#run;
    return {
      now: () => clock.now() + this.skew,
      monotonic: () => clock.monotonic(),
      sleep: (ms, signal) => clock.sleep(ms, signal),
    };
  }

  get agent(): Agent | undefined {
    return this.#process.agent;
  }

  get running(): boolean {
    return this.#process.alive;
  }

  /** What the agent that runs remembers, written to its disk or not. */
  get meta(): MetaValues {
    return must(this.#state, 'it was started').meta.values;
  }

  /** What rows 1..cursor make: kept, because it is asked for after every step. */
  replayed(rows: readonly LogRow[], cursor: number): Replay {
    if (cursor < this.#replay.cursor) this.#replay = { replay: new Replay(), cursor: 0 };
    for (; this.#replay.cursor < cursor; this.#replay.cursor++)
      this.#replay.replay.apply(must(rows[this.#replay.cursor], 'the log is that long'));
    return this.#replay.replay;
  }

  get user(): MemoryUser {
    return new MemoryUser(this.volume);
  }

  async start(): Promise<void> {
    await this.#stopped;
    if (this.running || this.#ended) return;
    const process: Process = { alive: true, agent: undefined };
    this.#process = process;
    this.#run.trace.add(this.name, 'starts');
    const alive = (): boolean => process.alive;
    const { clock, chance } = this.#run;
    const state = this.#plants.state(this.disk.open(this.#run, () => this.stateFull));
    this.#state = state;
    this.#mayStray();
    const starting = startAgent(
      {
        endpoint: this.endpoint,
        privateKey: this.#keys.privateKey,
        stateFile: '',
        fs: this.#plants.fs(this.#mounted(alive)),
        startWatch: memoryWatch(this.volume, {
          schedule: (deliver) => clock.after(chance.below(20), deliver),
          queue: this.#run.trouble('overflows') ? 3 : 1000,
        }),
        backend: this.#plants.backend(networkOf(this.#run, this.#cloud, this.line, alive), this.#cloud.share),
        clock: this.clock,
        random: this.#run.random(),
        log: this.#run.log(this.name),
      },
      state,
    );
    try {
      process.agent = await starting;
    } catch (error) {
      if (!this.needsHelp) throw error;
      this.#run.trace.add(this.name, `does not start: ${String(error)}`);
      process.alive = false;
      this.disk = this.#watched(this.disk.after(true, chance));
    }
    if (!alive()) await this.#end(process);
  }

  /** The process ends at a call that it makes, whichever that is. */
  crash(): void {
    const { chance, clock } = this.#run;
    this.kill(chance.is(60));
    clock.after(chance.below(8000), () => void this.start());
  }

  /** A person comes: what has failed for a reason that he knows of is started anew. */
  help(): void {
    const code = this.running ? this.agent?.status().halt?.code : undefined;
    if (this.needsHelp && code === 'state_restored') void this.agent?.resume();
    if (this.#strayed && this.mounted && code === 'root_replaced') {
      this.kill(true);
      this.loseState();
      void this.start();
      return;
    }
    if (!this.needsHelp || (code !== 'failed' && code !== 'clone' && code !== 'state_full')) return;
    this.kill(true);
    if (code === 'clone') this.loseState();
    void this.start();
  }

  endTroubles(): void {
    this.line.offline = false;
    this.full = false;
    this.stateFull = false;
    this.help();
  }

  /** Nobody can tell a disk that was never marked from the bare directory below its mount point. */
  get marked(): boolean {
    return exists(this.volume, '.tideway/endpoint.json');
  }

  #watched(disk: Disk): Disk {
    if (this.#run.weather.restoredStates > 0)
      disk.onSave = (bytes) => this.#backups.push({ at: this.#run.clock.monotonic(), bytes });
    return disk;
  }

  /** The process is gone at once. With `power` false so is what the disk had not written. */
  kill(power: boolean): void {
    const process = this.#process;
    if (!process.alive) return;
    this.#run.trace.add(this.name, power ? 'killed' : 'power lost');
    process.alive = false;
    for (const fs of this.#open.splice(0)) fs.release();
    this.#forgetPlaced();
    this.disk = this.#watched(this.disk.after(power, this.#run.chance));
    if (!power) this.#losePower();
    // What it had just put here and could not write down is new to the next one.
    else if (process.agent?.halt?.code === 'state_full') this.#bringBack();
    this.#stopped = this.#end(process);
  }

  /** What it gave a name and had not written down at all is as new to the next one as what it could not save (`Disk`). */
  #forgetPlaced(): void {
    const noted = new Set(this.disk.rows('local').map(({ hash }) => hash));
    for (const data of this.files().values()) {
      const key = data === undefined ? '' : keyOf(data);
      if (this.#placed.has(key) && !noted.has(key)) this.#run.ledger.back.add(key);
    }
    this.#placed.clear();
  }

  /** Cleans up behind a process that is gone, whatever that meets: a disk may still be full. */
  async #end({ agent }: Process): Promise<void> {
    try {
      await agent?.stop();
    } catch (error) {
      this.#run.trace.add(this.name, `after its end: ${String(error)}`);
    }
  }

  /** Of an agent that does not run: what it remembers is gone, and whoever starts it knows of no copy. */
  loseState(): void {
    this.#run.trace.add(this.name, 'state lost');
    this.#newState(undefined);
  }

  /** The same: what it remembers is what it did `ms` ago. */
  restoreState(ms: number): void {
    const { clock, trace } = this.#run;
    const old = this.#backups.findLast(({ at }) => at <= clock.monotonic() - ms);
    trace.add(this.name, `state restored from ${old?.at ?? 'nothing'}`);
    this.needsHelp = true;
    this.#newState(old?.bytes);
  }

  #newState(bytes: Uint8Array | undefined): void {
    // A backup from before this one would be taken for a copy that somebody else runs.
    this.#backups = [];
    this.#strayed = false;
    this.disk = this.#watched(new Disk(bytes));
    this.#run.ledger.bringBackAll();
  }

  /** For good. */
  stop(): Promise<void> {
    this.#ended = true;
    this.#process.alive = false;
    return this.agent?.stop() ?? Promise.resolve();
  }

  /** The cursor from which on the remote tree is of one moment, `head` being where the log ends now. */
  readAnew(head: number): number {
    const resyncs = this.agent?.counters()['resyncs'] ?? 0;
    if (this.#read.agent !== this.agent || this.#read.resyncs !== resyncs)
      this.#read = { agent: this.agent, resyncs, head };
    return this.#read.head;
  }

  /** The disk is gone, and somebody has the site looked through; then it is back, and somebody says so. */
  unmount(ms: number): void {
    this.#run.trace.add(this.name, 'unmounted');
    this.mounted = false;
    this.#mayStray();
    void this.agent?.rescan().catch(() => {}); // ends with the agent
    this.#run.clock.after(ms, () => void this.mount());
  }

  async mount(): Promise<void> {
    if (!this.mounted) this.#run.trace.add(this.name, 'mounted again');
    this.mounted = true;
    try {
      await this.agent?.resume();
    } catch (error) {
      this.#run.trace.add(this.name, `not resumed: ${String(error)}`); // it ends just now
    }
  }

  /** Content by path of all that users see. */
  files(): ReadonlyMap<string, Uint8Array | undefined> {
    const out = new Map<string, Uint8Array | undefined>();
    for (const [path, { data }] of this.user.snapshot()) if (!isOurs(path)) out.set(path, data);
    return out;
  }

  #losePower(): void {
    const before = this.files();
    this.volume = crash(new MemoryFs(this.volume), this.#run.random()).volume;
    this.#listen();
    const after = new Set([...this.files().values()].flatMap((data) => (data === undefined ? [] : [keyOf(data)])));
    for (const data of before.values()) if (data !== undefined && !after.has(keyOf(data))) this.#run.ledger.lose(data);
    for (const { data } of this.user.snapshot().values())
      if (data !== undefined) this.#run.ledger.seen(data, 'after a power loss');
    this.#bringBack();
  }

  #bringBack(): void {
    for (const { data } of this.user.snapshot().values()) if (data !== undefined) this.#run.ledger.bringBack(data);
  }

  /** A process that does not know the mark of the disk yet takes the bare directory for its root. */
  #mayStray(): void {
    if (this.mounted || this.#state?.meta.values.marked !== false) return;
    this.#strayed = true;
    this.needsHelp = true;
  }

  /** The disk, or the bare directory below its mount point while that is not mounted. */
  #mounted(alive: () => boolean): SiteFs {
    const disk = this.#fs(alive, this.volume);
    const bare = this.#fs(alive, new MemoryFs(() => BigInt(this.clock.now()) * 1_000_000n).volume);
    return instead<SiteFs>(disk, {}, () => (this.mounted ? disk : bare));
  }

  #fs(alive: () => boolean, volume: MemoryVolume): MemoryFs {
    const fs = new MemoryFs(volume);
    this.#open.push(fs);
    const { clock, chance, trace } = this.#run;
    fs.before = async (call, path) => {
      if (/(^|\/)\.{0,2}(\/|$)|\0/.test(path) && path !== '') this.#run.break(`I25 ${this.name}: ${call} ${path}`);
      if (alive()) {
        trace.add(this.name, `fs ${call} ${path}`);
        if (this.#run.trouble('crashes')) this.crash();
      }
      if (chance.is(15)) await clock.sleep(1 + chance.below(4));
      if (!alive()) throw new Error('the process has ended');
      if (this.full && taking.has(call) && (call === 'write' || !exists(fs.volume, path)))
        throw Object.assign(new Error(`ENOSPC: no space left on device, ${call} '${path}'`), { code: 'ENOSPC' });
      if (writing.has(call)) this.fsWrites++;
    };
    return fs;
  }

  /** I16: whatever the agent gives a name holds what somebody had at some moment, whole. */
  #listen(): void {
    const { volume } = this;
    const check = (dir: string, name: string): void => {
      const path = dir === '' ? name : `${dir}/${name}`;
      if (this.hand === 'user' || isOurs(path)) return;
      const inode = volume.find(path, 'check');
      if (inode?.kind === 'file') this.#placed.add(keyOf(inode.data));
      if (inode?.kind === 'file' && !this.#run.ledger.known.has(keyOf(inode.data)))
        this.#run.break(`I16 ${this.name}: ${path} holds what nobody wrote (${inode.data.length} bytes)`);
    };
    volume.listen((notice) => {
      if (notice.kind === 'moved') check(pathOf(notice.toDir), notice.toName);
      else check(pathOf(notice.dir), notice.name);
    });
  }
}

const writing: ReadonlySet<string> = new Set(
  'create mkdir rmdir unlink rename exchange link chmod utimes write truncate writeWhole'.split(' '),
);

/** What needs space. Users have some that is kept for them. */
const taking: ReadonlySet<string> = new Set('create mkdir symlink write'.split(' '));

function exists(volume: MemoryVolume, path: string): boolean {
  try {
    return volume.find(path, 'stat') !== undefined;
  } catch (error) {
    if (codeOf(error) === '') throw error;
    return false; // not even its directory
  }
}

interface Named {
  readonly places: readonly { readonly dir: Named; readonly name: string }[];
}

function pathOf(dir: Named): string {
  const [place] = dir.places;
  if (place === undefined) return '';
  const above = pathOf(place.dir);
  return above === '' ? place.name : `${above}/${place.name}`;
}
