// A server that takes part, as far as the backend sees it: it stages files, counts its operations and signs batches.
import { createHash } from 'node:crypto';
import type { NodeState } from '../../lib/core/node.ts';
import { blockSize } from '../../lib/core/node.ts';
import { linkFile } from '../../lib/protocol/link.ts';
import { shareTime, stagedPath } from '../../lib/protocol/layout.ts';
import type { LogRow } from '../../lib/protocol/log-row.ts';
import { seal, type Envelope, type SigningKeys } from '../../lib/protocol/message.ts';
import type { Content, Operation } from '../../lib/protocol/operation.ts';
import type { CloudWorld } from './cloud-world.ts';

export interface EndpointFacts {
  readonly id: string;
  readonly server: string;
  readonly slot: string;
  readonly incarnation: number;
  readonly keys: SigningKeys;
}

export interface Made {
  /** Seconds after the world began; newer keeps the name. */
  readonly at?: number;
  readonly mode?: number;
}

export class Endpoint {
  readonly id: string;
  readonly server: string;
  readonly slot: string;
  readonly keys: SigningKeys;
  incarnation: number;
  /** The last number given out. */
  n = 0;
  readonly #world: CloudWorld;
  readonly #started: number;
  #nodes = 0;
  #slots = 0;

  constructor(world: CloudWorld, facts: EndpointFacts) {
    this.#world = world;
    this.#started = world.clock.now();
    this.id = facts.id;
    this.server = facts.server;
    this.slot = facts.slot;
    this.keys = facts.keys;
    this.incarnation = facts.incarnation;
  }

  newId(): string {
    return `${this.id}-${this.incarnation}-${(++this.#nodes).toString(36)}`;
  }

  mtime(at = 0): string {
    return (BigInt(this.#started + at * 1000) * 1_000_000n).toString();
  }

  /** Uploads a file whole, as small files are. */
  stage(text: string | Uint8Array, mtime: string): Content {
    const bytes = typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
    const slot = `b1-${(++this.#slots).toString(36)}`;
    const more = { metadata: { tw_op: slot }, lastWrite: shareTime(mtime) };
    const { etag } = this.#world.share.upload(stagedPath(this.id, slot), bytes, more);
    return { slot, size: bytes.length, hash: hashOf(bytes), etag, whole: true };
  }

  create(
    parent: string,
    name: string,
    text: string | Uint8Array,
    made: Made = {},
  ): Extract<Operation, { kind: 'create' }> {
    const mtime = this.mtime(made.at);
    const content = this.stage(text, mtime);
    return { kind: 'create', node: this.newId(), parent, name, content, mtime, mode: made.mode ?? 0o644 };
  }

  link(parent: string, name: string, target: string, made: Made = {}): Extract<Operation, { kind: 'create' }> {
    return { ...this.create(parent, name, linkBytes(target), { mode: 0o777, ...made }), target };
  }

  relink(node: NodeState, target: string, made: Made = {}): Extract<Operation, { kind: 'edit' }> {
    return { ...this.edit(node, linkBytes(target), made), target };
  }

  edit(node: NodeState, text: string | Uint8Array, made: Made = {}): Extract<Operation, { kind: 'edit' }> {
    const mtime = this.mtime(made.at);
    const content = this.stage(text, mtime);
    const { id, parent, name, version, mode } = node;
    return { kind: 'edit', node: id, parent, name, base: version, content, mtime, mode: made.mode ?? mode };
  }

  mkdir(parent: string, name: string): Extract<Operation, { kind: 'mkdir' }> {
    return { kind: 'mkdir', node: this.newId(), parent, name, mode: 0o755 };
  }

  /** A signed message of operations that take the next numbers. */
  seal(operations: readonly Operation[]): Envelope {
    const from = this.n + 1;
    this.n += operations.length;
    for (const [index, operation] of operations.entries())
      this.#world.sent.push({ endpoint: this.id, incarnation: this.incarnation, n: from + index, operation });
    return this.sealFrom(from, operations);
  }

  /** The same with numbers of the caller's choice, which are not counted. */
  sealFrom(from: number, operations: readonly Operation[], incarnation = this.incarnation): Envelope {
    const batch = { v: 1 as const, group: 'g', endpoint: this.id, incarnation, from, operations: [...operations] };
    return seal(batch, this.id, this.keys.privateKey);
  }

  /** The last row that speaks of an operation of this endpoint. */
  outcome(n = this.n): LogRow | undefined {
    return this.#world
      .rows()
      .filter((row) => row.endpoint === this.id && row.incarnation === this.incarnation && row.n === n)
      .at(-1);
  }
}

export function linkBytes(target: string): Uint8Array {
  const file = linkFile(target);
  if (typeof file === 'string') throw new Error(file);
  return file;
}

/** As agents hash: SHA-256 over the SHA-256 of each block. */
export function hashOf(bytes: Uint8Array): string {
  const whole = createHash('sha256');
  for (let from = 0; from < bytes.length; from += blockSize)
    whole.update(
      createHash('sha256')
        .update(bytes.subarray(from, from + blockSize))
        .digest(),
    );
  return whole.digest('hex');
}
