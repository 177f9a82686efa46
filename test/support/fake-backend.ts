// A backend in memory for several agents: queue, committer, hints, log, staging and share, with a hook at every call.
import { TidewayError } from '../../lib/base/errors.ts';
import { rootId, type NodeState } from '../../lib/core/node.ts';
import { plainShareName, markedShareName } from '../../lib/core/share-name.ts';
import type { Backend, Settings } from '../../lib/agent/backend.ts';
import type { Held, Stopped } from '../../lib/protocol/brakes.ts';
import type { Hint } from '../../lib/protocol/hint.ts';
import type { LogRow } from '../../lib/protocol/log-row.ts';
import { parsePayload, verifyText, type Envelope } from '../../lib/protocol/message.ts';
import { Namespace, type Stored } from './fake-committer.ts';

interface Member {
  readonly server: string;
  readonly publicKey: string;
  incarnation: number;
  holder: string;
  n: number;
  readonly listeners: Set<(hint: Hint) => void>;
}

/** Throws to make the call fail; `call` is `<endpoint> <name>` with `:after` when the call has had its effect. */
export type Hook = (call: string) => void | Promise<void>;

export class FakeCloud {
  readonly namespace = new Namespace();
  readonly settings: { -readonly [K in keyof Omit<Settings, 'server'>]: Settings[K] } = {
    group: 'main',
    exclude: [],
    pollActiveMs: 200,
    pollIdleMs: 200,
    resendMs: 400,
  };
  epoch = 'first';
  /** Whose operations are not taken. */
  readonly held = new Map<string, Held>();
  stopped: Stopped | undefined;
  hook: Hook = () => {};
  /** False: hints are lost. */
  hints = true;
  readonly #members = new Map<string, Member>();
  readonly #staged = new Map<string, { bytes: Buffer; etag: string }>();
  #counter = 0;
  readonly counters = { messages: 0, refused: 0 };

  enrol(endpoint: string, server: string, publicKey: string): void {
    this.#members.set(endpoint, { server, publicKey, incarnation: 0, holder: '', n: 0, listeners: new Set() });
  }

  backend(endpoint: string): Backend {
    const member = this.#member(endpoint);
    const call = async <T>(name: string, work: () => T): Promise<T> => {
      await this.hook(`${endpoint} ${name}`);
      const result = work();
      await this.hook(`${endpoint} ${name}:after`);
      return result;
    };
    return {
      incarnation: (holder, incarnation) => call('incarnation', () => this.#incarnation(member, holder, incarnation)),
      settings: () => call('settings', () => ({ ...this.settings, server: member.server })),
      head: () =>
        call('head', () => ({
          committedSeq: this.namespace.seq,
          epoch: this.epoch,
          floor: this.namespace.floor,
          held: this.held.get(endpoint),
          stopped: this.stopped,
        })),
      release: () =>
        call('release', () => {
          this.held.delete(endpoint);
          this.stopped = undefined;
        }),
      readLog: (after, limit) => call('readLog', () => this.#rows(after, limit)),
      readNamespace: async (onNodes) => {
        const nodes = await call('readNamespace', () => [...this.namespace.nodes.values()]);
        for (let at = 0; at < nodes.length; at += 100) await onNodes(nodes.slice(at, at + 100));
      },
      send: (envelope) => call('send', () => void setImmediate(() => this.deliver(envelope))),
      listen: (onHint) =>
        call('listen', () => {
          member.listeners.add(onHint);
          return { close: async () => void member.listeners.delete(onHint) };
        }),
      slot: () => call('slot', () => ({ slot: `slot-${++this.#counter}` })),
      stageWhole: ({ slot }, bytes) => call('stageWhole', () => this.#stage(slot, Buffer.from(bytes))),
      stageCreate: ({ slot }, size) => call('stageCreate', () => void this.#stage(slot, Buffer.alloc(size))),
      stageRange: ({ slot }, offset, bytes) =>
        call('stageRange', () => {
          const staged = this.#staged.get(slot);
          if (staged === undefined) throw new TidewayError('absent', 'no such slot');
          staged.bytes.set(bytes, offset);
        }),
      stageEtag: ({ slot }) => call('stageEtag', () => this.#staged.get(slot)?.etag ?? ''),
      stageBlocks: () => call('stageBlocks', () => {}),
      download: (path, etag, offset, length) => call('download', () => this.#download(path, etag, offset, length)),
      close: async () => {},
    };
  }

  /** One message, as often as a test likes. */
  deliver(envelope: Envelope): void {
    this.counters.messages++;
    const member = this.#members.get(envelope.signer);
    const batch = parsePayload(envelope.payload);
    if (
      member === undefined ||
      batch === undefined ||
      !('operations' in batch) ||
      !verifyText(envelope.payload, envelope.signature, member.publicKey)
    ) {
      this.counters.refused++;
      return;
    }
    const { endpoint, incarnation, from } = batch;
    if (incarnation !== member.incarnation) return;
    if (this.held.has(endpoint) || this.stopped !== undefined) return;
    if (from > member.n + 1) {
      for (const listener of member.listeners)
        listener({ kind: 'resend', group: 'main', endpoint, incarnation, from: member.n + 1 });
      return;
    }
    const rows: LogRow[] = [];
    batch.operations.forEach((operation, index) => {
      const n = from + index;
      if (n <= member.n) return;
      member.n = n;
      const staged = 'content' in operation ? this.#staged.get(operation.content.slot) : undefined;
      rows.push(this.namespace.commit({ endpoint, server: member.server, incarnation, n, at: 0 }, operation, staged));
    });
    this.publish(rows);
  }

  /** The share as it was after row `seq`, under another epoch, as from a snapshot; all incarnations are forgotten. */
  restoreTo(seq: number): void {
    this.namespace.restoreTo(seq);
    this.epoch = `restored-${seq}`;
    for (const member of this.#members.values()) Object.assign(member, { incarnation: 0, holder: '', n: 0 });
  }

  publish(rows: readonly LogRow[]): void {
    const [first, last] = [rows[0], rows.at(-1)];
    if (first === undefined || last === undefined || !this.hints) return;
    for (const member of this.#members.values())
      for (const listener of member.listeners)
        listener({ kind: 'committed', group: 'main', from: first.seq, to: last.seq, rows: [...rows] });
  }

  sharePath(node: NodeState): string {
    const own = shareNameOf(node);
    const parent = node.parent === rootId ? undefined : this.namespace.nodes.get(node.parent);
    return parent === undefined ? own : `${this.sharePath(parent)}/${own}`;
  }

  /** Every path with its content, or null for a directory. */
  tree(): Map<string, string | null> {
    const out = new Map<string, string | null>();
    for (const node of this.namespace.nodes.values())
      out.set(
        this.sharePath(node),
        node.kind === 'directory' ? null : (this.namespace.contents.get(node.id)?.bytes.toString() ?? ''),
      );
    return new Map([...out].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #incarnation(member: Member, holder: string, incarnation: number): { incarnation: number; n: number } {
    if (incarnation === 0) {
      member.incarnation++;
      member.holder = holder;
      member.n = 0;
    } else if (incarnation !== member.incarnation || holder !== member.holder)
      throw new TidewayError('clone', 'another holder');
    return { incarnation: member.incarnation, n: member.n };
  }

  #rows(after: number, limit: number): readonly LogRow[] {
    return after < this.namespace.floor ? [] : this.namespace.log.slice(after, after + limit);
  }

  #stage(slot: string, bytes: Buffer): string {
    const etag = `etag-${++this.#counter}`;
    this.#staged.set(slot, { bytes, etag });
    return etag;
  }

  #download(path: string, etag: string, offset: number, length: number): Uint8Array {
    let parent = rootId;
    let node: NodeState | undefined;
    for (const name of path.split('/')) {
      const twin = this.namespace.at(parent, name);
      node =
        twin !== undefined && shareNameOf(twin) === name
          ? twin
          : this.namespace.children(parent).find((child) => shareNameOf(child) === name);
      if (node === undefined) throw new TidewayError('absent', path, { path });
      parent = node.id;
    }
    const stored: Stored | undefined = node === undefined ? undefined : this.namespace.contents.get(node.id);
    if (stored === undefined) throw new TidewayError('absent', path, { path });
    if (stored.etag !== etag) throw new TidewayError('changed', path, { path });
    return stored.bytes.subarray(offset, offset + length);
  }

  #member(endpoint: string): Member {
    const member = this.#members.get(endpoint);
    if (member === undefined) throw new Error(`${endpoint} is not enrolled`);
    return member;
  }
}

function shareNameOf(node: NodeState): string {
  return node.share ?? plainShareName(node.name) ?? markedShareName(node.name, node.id);
}
