// Everything a decision needs, put together from a committer's turn.
import type { Deciding, Numbered, Sender } from './chunk.ts';
import { newNodeId } from '../group.ts';
import { hashOnShare } from '../hash.ts';
import type { Turn } from './intent.ts';
import type { Planned } from './plan.ts';
import type { NodeRow } from '../rows.ts';

export function decidingOf(turn: Turn, sender: Sender, staged: Deciding['staged']): Deciding {
  const { cloud, view, share } = turn;
  return {
    table: cloud.table,
    view,
    sender,
    now: cloud.clock.now(),
    staged,
    newId: () => newNodeId(cloud),
    hasContent: async (node: NodeRow, hash: string, size: number) => {
      if (node.size !== size) return false;
      if (node.hash !== null) return node.hash === hash;
      // Found on the share and never read: its content is read before equality is claimed.
      return (await hashOnShare(share, await view.pathOf(node.id), node.etag, node.size)) === hash;
    },
  };
}

/** An operation that is turned down without another look. */
export function rejected(at: Deciding, item: Numbered, code: string): Planned {
  const { n, operation } = item;
  const seq = at.view.head.row.intentSeq + 1;
  const about = 'node' in operation ? { node: operation.node } : {};
  const name = 'name' in operation ? operation.name : '';
  const fixed = { outcome: 'rejected' as const, steps: [], changes: [], parent: 'root', tries: 0 };
  return { ...at.sender, n, seq, op: operation.kind, ...about, name, code, foreignId: at.newId(), operation, ...fixed };
}
