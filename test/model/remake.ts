// Somebody takes a tree away and makes it again as it was, file by file, as a switch of branches does; or copies back what
// he moved away. The contents are old ones: to whoever looks at contents alone, nothing happened.
import type { MemoryUser, Snapshot } from '../../lib/agent/fs/memory-user.ts';
import type { Deed } from './step.ts';

export interface Hands {
  readonly user: MemoryUser;
  /** Does one thing; what is at `over` is destroyed by it. Answers whether it could be done. */
  do(over: readonly string[], work: () => void): boolean;
  /** A content is at `path` again; `taken`: he had taken it away before. */
  made(path: string, data: Uint8Array, taken: boolean): void;
}

/** Every step answers the ms until the next. What cannot be done, because others took a name, is left. */
export function* remake({ path = '', ms = 0, gap = 0 }: Deed, hands: Hands): Generator<number, void> {
  const { user } = hands;
  const taken: [path: string, was: Snapshot][] = [];
  for (const [at] of treeAt(user, path).toReversed()) {
    const was = user.snapshot().get(at);
    if (was === undefined || !hands.do([at], () => user.remove(at))) continue;
    taken.unshift([at, was]);
    yield gap;
  }
  yield* make(taken, hands, { ms, gap, taken: true });
}

export function* copyBack({ path = '', to = '', ms = 0, gap = 0 }: Deed, hands: Hands): Generator<number, void> {
  const { user } = hands;
  const tree = treeAt(user, path);
  if (tree.length === 0 || path === to || !hands.do([to], () => user.rename(path, to))) return;
  yield* make(tree, hands, { ms, gap, taken: false });
}

/** In the order of paths: directories before what is in them. */
function* make(
  tree: readonly (readonly [path: string, was: Snapshot])[],
  { user, ...hands }: Hands,
  { ms, gap, taken }: { readonly ms: number; readonly gap: number; readonly taken: boolean },
): Generator<number, void> {
  if (tree.length > 0) yield ms;
  for (const [at, { data, stat }] of tree) {
    hands.do([], () => {
      user.mkdirp(data === undefined ? at : at.split('/').slice(0, -1).join('/'));
      if (data === undefined || user.snapshot().has(at)) return;
      user.writeFile(at, data);
      user.chmod(at, stat.mode);
      hands.made(at, data, taken);
    });
    yield gap;
  }
}

/** What is at the path, and all below it, top down. */
function treeAt(user: MemoryUser, path: string): readonly (readonly [path: string, was: Snapshot])[] {
  return [...user.snapshot()].filter(([at]) => at === path || at.startsWith(`${path}/`));
}
