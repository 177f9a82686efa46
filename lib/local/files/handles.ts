import { FilesError } from './errors.ts';
import type { Node } from './tree.ts';

/** What a listing shows of a file while an SMB client has it open and has written to it. */
export type Shown = Pick<Node, 'size' | 'etag' | 'written' | 'changed'>;

export interface OpenFile {
  readonly handleId: string;
  readonly share: string;
  readonly node: number;
  readonly openedAt: number;
  readonly access: 'read' | 'write';
  readonly shareWrite: boolean;
  readonly shareDelete: boolean;
}

interface Entry {
  readonly open: Set<OpenFile>;
  above: readonly number[];
  shown: Shown | undefined;
  deletePending: boolean;
}

/**
 * Files that SMB clients have open, in memory as in any file server: a restart closes them. REST requests are refused
 * as "Manage file locks" (learn.microsoft.com) describes: they act like an SMB open that shares everything.
 */
export class Handles {
  readonly #entries = new Map<number, Entry>();

  /** `above` are the ids of the directories above, nearest last. */
  add(file: OpenFile, above: readonly number[]): void {
    const entry = this.#entries.get(file.node) ?? { open: new Set(), above, shown: undefined, deletePending: false };
    entry.open.add(file);
    this.#entries.set(file.node, entry);
  }

  /** True when that was the last handle of a file that is to be deleted. */
  close(file: OpenFile): boolean {
    const entry = this.#entries.get(file.node);
    if (entry === undefined || !entry.open.delete(file) || entry.open.size > 0) return false;
    this.#entries.delete(file.node);
    return entry.deletePending;
  }

  /** Those of a node and, if asked, of all below it. */
  list(node: number, below: boolean): readonly OpenFile[] {
    const entries = [...this.#entries].filter(([id, entry]) => id === node || (below && entry.above.includes(node)));
    return entries.flatMap(([, entry]) => [...entry.open]);
  }

  isOpen(file: OpenFile): boolean {
    return this.#entries.get(file.node)?.open.has(file) === true;
  }

  isOpenNode(node: number): boolean {
    return this.#entries.has(node);
  }

  /** True when SMB clients have it open, in which case it now waits for the last close. */
  deleteLater(node: number): boolean {
    const entry = this.#entries.get(node);
    if (entry !== undefined) entry.deletePending = true;
    return entry !== undefined;
  }

  moved(node: number, above: readonly number[]): void {
    const entry = this.#entries.get(node);
    if (entry !== undefined) entry.above = above;
  }

  /** Keeps what listings go on showing; only the first write of an open file counts. */
  wrote(before: Node): void {
    const entry = this.#entries.get(before.id);
    if (entry !== undefined) entry.shown ??= before;
  }

  shown(node: Node): Shown {
    return this.#entries.get(node.id)?.shown ?? node;
  }

  /** DeletePending or SharingViolation, if `need` is not what all open handles share. */
  check(node: number, need: 'attributes' | 'read' | 'write' | 'delete'): void {
    if (this.#entries.size === 0) return;
    const entry = this.#entries.get(node);
    if (entry === undefined) return;
    if (entry.deletePending) throw new FilesError('DeletePending');
    for (const { shareDelete, shareWrite } of entry.open)
      if ((need === 'delete' && !shareDelete) || (need === 'write' && !shareWrite))
        throw new FilesError('SharingViolation');
  }

  /** Two SMB clients: each must share what the other has. */
  checkOpen(node: number, access: 'read' | 'write', shareWrite: boolean): void {
    this.check(node, access);
    for (const other of this.#entries.get(node)?.open ?? [])
      if (other.access === 'write' && !shareWrite) throw new FilesError('SharingViolation');
  }

  /** A directory with an open file anywhere below can be neither moved nor removed. */
  checkBelow(directory: number): void {
    for (const entry of this.#entries.values())
      if (entry.above.includes(directory)) throw new FilesError('SharingViolation');
  }
}
