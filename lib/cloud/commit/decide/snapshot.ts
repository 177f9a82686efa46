// Snapshots of the share: taken and deleted by the committer, alone in their turn, so that each is a tree that the namespace
// had. They change no node.
import { rootId } from '../../../core/node.ts';
import type { AuthorOperation } from '../../../protocol/operation.ts';
import { markOf, nameOf } from '../../snapshot-mark.ts';
import { nothing, type Asked, type Decision } from './context.ts';

export function decideSnapshot(asked: Asked, group: string): Decision {
  const step = { do: 'snapshot' as const, metadata: { ...markOf(group), ...nameOf(asked) } };
  return { ...nothing('', rootId), steps: [step] };
}

export function decideDropSnapshot(group: string, op: Extract<AuthorOperation, { kind: 'drop-snapshot' }>): Decision {
  return { ...nothing('', rootId), steps: [{ do: 'drop-snapshot', id: op.snapshot, mark: markOf(group) }] };
}
