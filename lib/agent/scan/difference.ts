// Where a directory is not as the local tree has it, from its lines and the tree's.
import type { NodeId } from '../../core/node.ts';
import { readLines } from '../fs/lines.ts';
import type { LocalDirectory } from '../state/local-lines.ts';
import { unpackName } from '../state/names.ts';
import type { State } from '../state/state.ts';

export interface Difference {
  /** At each of these is something else than the tree has, or may be. */
  readonly names: ReadonlySet<string>;
  /** Directories of which all is as the tree has it, but for what is in them. */
  readonly directories: readonly LocalDirectory[];
}

/** Bounds for how long the comparison holds up everything else. */
const pageRows = 2000;

/**
 * Compares bytes, page by page. `lines` are of the site (fs/lines.ts); `passed` is told of each page's rows, and waits where
 * it is time for others to come first. What changes in the tree meanwhile may or may not count.
 */
export async function difference(
  state: Pick<State, 'localPage'>,
  dir: NodeId,
  lines: Buffer,
  passed: (rows: number) => Promise<void> | undefined,
  rows = pageRows,
): Promise<Difference> {
  const names = new Set<string>();
  const directories: LocalDirectory[] = [];
  let [at, after, isLast] = [0, '', false];
  while (!isLast) {
    const page = state.localPage(dir, after, rows);
    isLast = page.count < rows;
    const end = at + page.lines.length;
    if (lines.subarray(at, end).equals(page.lines) && (!isLast || end === lines.length)) at = end;
    else at = differing(lines, at, isLast ? undefined : Buffer.from(page.last), page.lines, names);
    directories.push(...page.directories);
    after = page.last;
    await passed(page.count);
  }
  return { names, directories: names.size === 0 ? directories : directories.filter(({ name }) => !names.has(name)) };
}

/** Answers where the lines go on after those that belong to this page. */
function differing(lines: Buffer, from: number, last: Buffer | undefined, page: Uint8Array, into: Set<string>): number {
  const here = readLines(lines, from, last);
  const known = readLines(Buffer.from(page.buffer, page.byteOffset, page.byteLength), 0);
  for (const [name, line] of here.byName) if (known.byName.get(name) !== line) into.add(name);
  for (const name of known.byName.keys()) if (!here.byName.has(name)) into.add(unpackName(name));
  return here.end;
}
