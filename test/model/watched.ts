// Table and share with eyes: every log row is kept though the log has a floor, and whatever gets a live name on the share is
// looked at in the moment it does.
import { ours } from '../../lib/protocol/layout.ts';
import { logRow, type LogRow } from '../../lib/protocol/log-row.ts';
import { parkedRow, type ParkedRow } from '../../lib/cloud/rows.ts';
import type { Renamed, ShareKind, Traits, Write } from '../../lib/cloud/ports.ts';
import { MemoryShare } from '../support/memory-share.ts';
import { MemoryTable } from '../support/memory-table.ts';
import { keyOf } from './ledger.ts';
import { forgedName } from './names.ts';
import type { Run } from './run.ts';

export class WatchedTable extends MemoryTable {
  readonly rows: LogRow[] = [];
  writes = 0;
  readonly #run: Run;

  constructor(run: Run) {
    super();
    this.#run = run;
  }

  override transact(group: string, writes: readonly Write[]): readonly string[] {
    const etags = super.transact(group, writes);
    this.writes++;
    for (const write of writes) {
      if (write.do === 'put' && write.key.startsWith('parked|')) this.#lookAtParked(parkedRow.parse(write.value));
      if (write.do === 'delete' || !write.key.startsWith('log|')) continue;
      const row = logRow.parse(write.value);
      this.#run.trace.add('log', JSON.stringify(row));
      if (row.seq !== this.rows.length + 1) this.#run.break(`I9 row ${row.seq} after ${this.rows.length}`);
      this.rows.push(row);
      // I26: she may make it in her own name, and nobody else does.
      if (row.effects.some((effect) => 'put' in effect && effect.put.name === forgedName))
        this.#run.break(`I26 row ${row.seq} of ${row.server} was sent by another`);
    }
    return etags;
  }

  /** I15: only what somebody has open is held up, and what is above or below it. */
  #lookAtParked({ code, path, n }: ParkedRow): void {
    if (code !== 'SharingViolation') return;
    const isBelow = (one: string, other: string): boolean =>
      `${one}/`.toLowerCase().startsWith(`${other}/`.toLowerCase());
    if ([...this.#run.opened].some((each) => isBelow(each, path) || isBelow(path, each))) return;
    this.#run.break(`I15 number ${n} is parked because of ${path}, which nobody had open`);
  }
}

export class WatchedShare extends MemoryShare {
  writes = 0;
  readonly #run: Run;

  constructor(run: Run) {
    super(() => run.clock.now());
    this.#run = run;
  }

  protected override writtenUnseen(content: Uint8Array): void {
    this.#run.ledger.lose(content);
  }

  override rename(from: string, to: string, kind: ShareKind, traits?: Traits): Renamed {
    const facts = super.rename(from, to, kind, traits);
    this.writes++;
    this.#look(to);
    return facts;
  }

  override upload(path: string, ...more: [Uint8Array, object?]): Renamed {
    const facts = super.upload(path, ...more);
    if (!isOurs(path)) this.#look(path);
    return facts;
  }

  /** A staged file as Create File makes it: of full length, and nothing written. */
  clear(path: string): void {
    const entry = this.find(path);
    if (entry !== undefined) entry.ranges = [];
  }

  fill(path: string, offset: number, bytes: Uint8Array): void {
    const entry = this.find(path);
    if (entry?.kind !== 'file') throw new Error(`ResourceNotFound: ${path}`);
    entry.content.set(bytes, offset);
    entry.ranges = [...entry.ranges, [offset, offset + bytes.length]];
    this.touch(path);
  }

  override remove(path: string, kind: ShareKind): void {
    super.remove(path, kind);
    this.writes++;
    if (!isOurs(path)) this.#run.trace.add('share', `${path} removed`);
  }

  /** I16, I19: a live name holds what somebody had at some moment, whole. */
  #look(path: string): void {
    if (isOurs(path)) return;
    const entry = this.find(path);
    if (entry?.kind !== 'file') return;
    if (!this.#run.ledger.known.has(keyOf(entry.content)))
      this.#run.break(`I16 ${path} on the share holds what nobody wrote (${entry.content.length} bytes)`);
  }
}

export function isOurs(path: string): boolean {
  return path === ours || path.startsWith(`${ours}/`);
}
