// What tells one state of an entry from another, in a listing as in its properties.
import type { ShareEntry, ShareProperties } from '../ports.ts';
import { shareKindOf, shareNameOf } from '../view.ts';
import type { NodeRow } from '../rows.ts';

/** The state of what is not there. */
export const absent = '';

/** A directory is another one by its id only: its times and ETag move with what is in it. */
export function stateOf(entry: Omit<ShareEntry, 'name' | 'changedAt'> | ShareProperties): string {
  const { kind, fileId, etag, size, lastWrite } = entry;
  return kind === 'directory' ? `directory ${fileId}` : `file ${fileId} ${etag} ${size} ${lastWrite}`;
}

/** Whether an entry under this spelling is what the namespace has. A directory is known by its name. */
export function isAsKnown(known: NodeRow, spelled: string, entry: Omit<ShareEntry, 'name' | 'changedAt'>): boolean {
  if (shareNameOf(known) !== spelled || shareKindOf(known) !== entry.kind) return false;
  return entry.kind === 'directory' || stateOf({ ...entry, ...factsOf(known) }) === stateOf(entry);
}

function factsOf({ fileId, etag, size, lastWrite }: NodeRow): Pick<NodeRow, 'fileId' | 'etag' | 'size' | 'lastWrite'> {
  return { fileId, etag, size, lastWrite };
}
