// A node that was deleted comes back with its id: a file from trash, a directory anew and empty, for what was in it follows.
import { plainName } from '../../../core/temporary-name.ts';
import type { Change, Step } from '../plan.ts';
import type { NodeRow } from '../../rows.ts';
import { shareKindOf } from '../../view.ts';
import {
  Refused,
  conflictPlace,
  expectedOf,
  holdPath,
  liveParent,
  nothing,
  placeAt,
  without,
  type Asked,
  type Decision,
} from './context.ts';
import { decideRevive } from './tree.ts';

/** In the name of what comes back where somebody has taken its own. */
const copyOf = 'restored';

/** `from` is a file's path in trash. What lives already is left alone. */
export async function decideUndelete(asked: Asked, node: string, from: string | undefined): Promise<Decision> {
  const found = await asked.view.find(node);
  if (found.state === 'unknown') throw new Refused('forgotten');
  const { row } = found;
  if (found.state === 'alive') return nothing(row.name, row.parent);
  if (row.kind === 'directory') return directory(await decideRevive({ ...asked, server: copyOf }, row), row);
  if (from === undefined) throw new Refused('not_kept');
  const parent = await liveParent(asked, row.parent);
  const name = plainName(row.name, row.id);
  const { place, holder } = await placeAt(asked, parent, name, row.id);
  const where = holder === undefined ? place : await conflictPlace(asked, parent, name, copyOf, row.id);
  const step: Step = {
    do: 'evict',
    node: row.id,
    path: from,
    kind: shareKindOf(row),
    hold: holdPath(asked),
    expect: expectedOf(row),
    to: where.path,
    foreign: 'copy',
  };
  const put: Change = { put: { ...without(row, where), seq: asked.seq }, place: 'moved', from: 0 };
  const outcome = holder === undefined ? 'applied' : 'conflict';
  return { outcome, name: where.name, parent: parent.id, steps: [step], changes: [put] };
}

function directory(decision: Decision, { author }: NodeRow): Decision {
  const changes = decision.changes.map((change) =>
    'put' in change ? { ...change, put: { ...change.put, author } } : change,
  );
  return { ...decision, changes };
}
