// One directory of the share against the namespace. The listing is whole, or nothing is inferred from it (I6).
import { rootId } from '../../core/node.ts';
import type { Share } from '../ports.ts';
import { nodeKey } from '../rows.ts';
import { isOurs, join, shareNameOf, type View } from '../view.ts';
import { absent, isAsKnown, stateOf } from './state.ts';

export interface Listed {
  /** Names and states of what is not as the namespace says, `absent` among them. */
  readonly differing: readonly (readonly [name: string, state: string])[];
  /** Paths of the directories in it, and of those that the namespace does not know. */
  readonly directories: readonly string[];
  readonly fresh: readonly string[];
  readonly entries: number;
  readonly known: number;
  readonly missing: number;
}

/** Undefined where no directory is at the path any more. Rejects where the listing does not come to its end. */
export async function listDirectory(share: Share, view: View, path: string): Promise<Listed | undefined> {
  const entries = await share.list(path, '');
  if (entries === undefined) return undefined;
  const parent = await view.directoryAt(path);
  // After the listing: what was committed in between counts as different, and the second look clears it.
  const children = parent === undefined ? [] : await view.children(parent);
  const missing = new Map(children.map((node) => [nodeKey(node.parent, shareNameOf(node)), node]));
  const differing: (readonly [string, string])[] = [];
  let count = 0;
  const directories: string[] = [];
  const fresh: string[] = [];
  for (const entry of entries) {
    if (path === '' && isOurs(rootId, entry.name)) continue;
    count++;
    const key = nodeKey(parent ?? '', entry.name);
    const known = missing.get(key);
    missing.delete(key);
    if (known === undefined || !isAsKnown(known, entry.name, entry)) differing.push([entry.name, stateOf(entry)]);
    if (entry.kind !== 'directory') continue;
    directories.push(join(path, entry.name));
    if (known?.kind !== 'directory') fresh.push(join(path, entry.name));
  }
  for (const node of missing.values()) differing.push([shareNameOf(node), absent]);
  return { differing, directories, fresh, entries: count, known: children.length, missing: missing.size };
}
