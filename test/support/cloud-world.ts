// One sync group in memory: its rows, its share, its endpoints, and committers that live and die.
import { seededRandom } from '../../lib/base/random.ts';
import { silent } from '../../lib/base/log.ts';
import { commit } from '../../lib/cloud/commit/commit.ts';
import type { Cloud } from '../../lib/cloud/group.ts';
import type { Committed } from '../../lib/cloud/ports.ts';
import { claimIncarnation, createGroup, enrol } from '../../lib/cloud/registry.ts';
import { after, headKey, headRow } from '../../lib/cloud/rows.ts';
import { defaultSettings, type CloudSettings } from '../../lib/cloud/settings.ts';
import type { NodeState } from '../../lib/core/node.ts';
import type { Hint } from '../../lib/protocol/hint.ts';
import { logRow, type LogRow } from '../../lib/protocol/log-row.ts';
import { cloudSigner, makeSigningKeys, seal, type Envelope, type SigningKeys } from '../../lib/protocol/message.ts';
import type { Operation } from '../../lib/protocol/operation.ts';
import { Endpoint } from './endpoint.ts';
import { Life, type Fate } from './life.ts';
import { MemoryShare } from './memory-share.ts';
import { MemoryTable } from './memory-table.ts';
import { through } from './remote-call.ts';
import { Replay } from './replay.ts';
import { VirtualClock } from './virtual-clock.ts';

export const group = 'g';
const keys = makeSigningKeys();
/** By server, for all worlds: to make a pair, and to parse it, costs more than most of what a test does with it. */
const serverKeys = new Map<string, SigningKeys>();

export interface Sent {
  readonly endpoint: string;
  readonly incarnation: number;
  readonly n: number;
  readonly operation: Operation;
}

/** A process that runs the backend: what it caches dies with it. */
export interface Committer {
  readonly life: Life;
  readonly cloud: Cloud;
  commit(body: unknown, deliveries?: number): Promise<void>;
}

export class CloudWorld {
  readonly clock = new VirtualClock();
  readonly table = new MemoryTable();
  readonly share = new MemoryShare(() => this.clock.now());
  readonly events: Committed[] = [];
  readonly hints: { readonly to: string; readonly hint: Hint }[] = [];
  /** What the backend has sent to itself and nobody has taken yet. */
  readonly queue: unknown[] = [];
  readonly sent: Sent[] = [];
  /** Contents that were saved on the share by somebody, as text. */
  readonly foreign = new Set<string>();
  /** Contents that somebody overwrote or removed on the share, as text. */
  readonly destroyed = new Set<string>();
  readonly settings: CloudSettings;
  readonly #seed: number;
  #lives = 0;

  private constructor(seed: number, settings: Partial<CloudSettings>) {
    this.#seed = seed;
    this.settings = { ...defaultSettings, ...settings };
  }

  static async create(seed = 1, settings: Partial<CloudSettings> = {}): Promise<CloudWorld> {
    const world = new CloudWorld(seed, settings);
    await createGroup(world.committer().cloud, group, 'share');
    return world;
  }

  /** `caches` are those of the function instance it runs in, one of its own unless told. */
  committer(fate?: Fate, caches: Cloud['caches'] = new Map()): Committer {
    const life = new Life(fate);
    const random = seededRandom(this.#seed * 10_000 + this.#lives++);
    const cloud: Cloud = {
      table: this.table.client(life),
      share: () => this.share.client(life),
      events: {
        committed: (event) =>
          through(life, { service: 'events', method: 'committed', args: [event] }, () => void this.events.push(event)),
      },
      sites: {
        send: (messages) =>
          through(
            life,
            { service: 'sites', method: 'send', args: [messages] },
            () => void this.hints.push(...messages),
          ),
      },
      changes: {
        send: (_group, body) =>
          through(life, { service: 'changes', method: 'send', args: [body] }, () => void this.queue.push(body)),
      },
      clock: life.clock(this.clock),
      random,
      log: silent,
      settings: this.settings,
      keys,
      caches,
    };
    return { life, cloud, commit: (body, deliveries = 1) => life.run(() => commit(cloud, group, body, deliveries)) };
  }

  async endpoint(server: string): Promise<Endpoint> {
    const { cloud } = this.committer();
    const own = serverKeys.get(server) ?? makeSigningKeys();
    serverKeys.set(server, own);
    const { endpoint, slot } = await enrol(cloud, { group, server, path: `/${server}`, publicKey: own.publicKey });
    const { incarnation } = await claimIncarnation(cloud, group, endpoint, `${server}-1`, 0);
    return new Endpoint(this, { id: endpoint, server, slot, incarnation, keys: own });
  }

  /** Sends the operations as one message to a committer of its own; answers the rows that were logged, found ones too. */
  async commit(endpoint: Endpoint, ...operations: readonly Operation[]): Promise<readonly LogRow[]> {
    const from = this.head;
    await this.committer().commit(endpoint.seal(operations));
    return this.rows(from + 1);
  }

  /** Delivers a message as the queue does: again to a new committer until one is through with it. */
  async deliver(body: unknown, fates: readonly Fate[] = []): Promise<void> {
    for (let delivery = 1; delivery <= 20; delivery++) {
      try {
        await this.committer(fates[delivery - 1]).commit(body, delivery);
        return;
      } catch (error) {
        if (delivery === 20) throw error;
      }
    }
  }

  /** Delivers what the backend has sent to itself, until nothing comes any more. */
  async drain(): Promise<void> {
    for (let body = this.queue.shift(); body !== undefined; body = this.queue.shift()) await this.deliver(body);
  }

  /** Everything on the share is looked at, as enumeration does. */
  async detect(): Promise<void> {
    await this.drain();
    const known = [...this.tree().byPath().values()].filter((node) => node.kind === 'directory');
    const tree = this.tree();
    const paths = new Set(['', ...known.map((node) => tree.sharePathOf(node.id))]);
    await this.examine(...paths);
  }

  async examine(...paths: readonly string[]): Promise<void> {
    await this.deliver(this.finding(...paths));
    await this.drain();
  }

  finding(...paths: readonly string[]): Envelope {
    const findings = paths.map((path) => ({ kind: 'examine' as const, path }));
    return seal({ v: 1, group, findings }, cloudSigner, keys.privateKey);
  }

  nudge(): Envelope {
    return seal({ v: 1, group, nudge: 'retry' }, cloudSigner, keys.privateKey);
  }

  get head(): number {
    return headRow.parse(this.table.get(group, headKey)?.value).committedSeq;
  }

  rows(from = 1): readonly LogRow[] {
    return this.table
      .range(group, 'log|', after('log|'), Number.MAX_SAFE_INTEGER)
      .map((row) => logRow.parse(row.value))
      .filter((row) => row.seq >= from);
  }

  tree(): Replay {
    return new Replay(this.rows());
  }

  /** The node at a Linux path. */
  node(path: string): NodeState {
    const node = this.tree().byPath().get(path);
    if (node === undefined) throw new Error(`nothing at ${path}: ${[...this.tree().byPath().keys()].join(', ')}`);
    return node;
  }

  /** What users see on the share: `path/` for a directory, the content as text for a file. */
  visible(): Readonly<Record<string, string>> {
    const out: Record<string, string> = {};
    for (const [path, entry] of this.share.walk())
      if (!/^\.tideway(\/|$)/.test(path)) out[path] = entry.kind === 'directory' ? '/' : textOf(entry.content);
    return out;
  }

  /** Somebody saves a file over SMB: written in place where it is there, else made anew. */
  save(path: string, text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    const there = this.share.find(path);
    if (there?.kind === 'file') this.destroyed.add(textOf(there.content));
    if (there?.kind === 'file') this.share.write(path, bytes);
    else this.share.upload(path, bytes);
    this.foreign.add(text);
  }

  /** Somebody deletes a file over SMB. */
  unlink(path: string): void {
    const there = this.share.find(path);
    if (there !== undefined) this.destroyed.add(textOf(there.content));
    this.share.remove(path, 'file');
  }
}

export function textOf(content: Uint8Array): string {
  return Buffer.from(content).toString('utf8');
}
