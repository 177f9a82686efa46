// Mode, owner, group, extended attributes and time of a node whose content stays as it is.
import { addsTo, given } from '../../../core/attributes.ts';
import type { Attributes } from '../../../core/node.ts';
import type { Operation } from '../../../protocol/operation.ts';
import type { NodeRow } from '../../rows.ts';
import { shareKindOf } from '../../view.ts';
import { Refused, expectedOf, liveParent, nothing, placeOf, type Asked, type Decision, type Place } from './context.ts';

interface Asks extends Attributes {
  readonly mode?: number | undefined;
  readonly mtime?: string | undefined;
}

export async function decideAttributes(
  asked: Asked,
  op: Extract<Operation, { kind: 'attributes' }>,
): Promise<Decision> {
  const found = await asked.view.find(op.node);
  if (found.state !== 'alive') throw new Refused('gone');
  const { row } = found;
  if (row.kind !== 'directory' && row.version !== op.base) throw new Refused('stale');
  const place = placeOf(await liveParent(asked, row.parent), row.name, row.share);
  return { ...nothing(row.name, row.parent), ...withOther(asked, row, place, op) };
}

/** The row with what is asked for, and what that takes on the share; undefined where it has all of it. */
export function withOther(
  asked: Asked,
  row: NodeRow,
  place: Place,
  asks: Asks,
): Pick<Decision, 'steps' | 'changes'> | undefined {
  const more = given(asks);
  const mode = row.kind === 'link' ? row.mode : (asks.mode ?? row.mode);
  const mtime = row.kind === 'directory' ? row.mtime : (asks.mtime ?? row.mtime);
  if (mode === row.mode && mtime === row.mtime && !addsTo(more, row)) return undefined;
  const time = mtime === row.mtime ? {} : { lastWrite: mtime };
  const expect = row.kind === 'directory' ? {} : { expect: expectedOf(row) };
  return {
    steps: [{ do: 'attributes', path: place.path, kind: shareKindOf(row), mode, ...more, ...time, ...expect }],
    changes: [{ put: { ...row, seq: asked.seq, mode, mtime, ...more }, place: 'same', from: 0 }],
  };
}
