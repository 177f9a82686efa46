// What must hold whenever no committer is at work and everything on the share was looked at. Each line of the answer is one
// broken invariant; none is the only good answer.
import { headRow, idRow, nodeRow, endpointRow, parkedRow, floorRow, type NodeRow } from '../../lib/cloud/rows.ts';
import { rootId, type NodeState } from '../../lib/core/node.ts';
import { shareKindOf } from '../../lib/cloud/view.ts';
import { linkTarget } from '../../lib/protocol/link.ts';
import type { LogRow } from '../../lib/protocol/log-row.ts';
import { trashRoot } from '../../lib/protocol/layout.ts';
import { orderPrefix, orderRow, snapshotPrefix, snapshotRow } from '../../lib/cloud/backup/rows.ts';
import { group, textOf, type CloudWorld } from './cloud-world.ts';
import type { MemoryShare } from './memory-share.ts';
import { hashOf } from './endpoint.ts';
import { Replay } from './replay.ts';

export function brokenInvariants(world: CloudWorld): readonly string[] {
  const rows = world.rows();
  const replayed = new Replay(rows);
  return [
    ...logIsDense(world, rows),
    ...everyNumberEndsOnce(world, rows),
    ...outcomesAreTrue(world, rows),
    ...namespaceIsReplayedLog(world, replayed),
    ...shareIsNamespace(world.share, replayed),
    ...snapshotsAreNamespace(world, rows),
    ...ordersEndOnce(world, rows),
    ...nothingIsLost(world, rows),
  ];
}

/** I9, I11: no gap, no reuse, and nothing half done. */
function* logIsDense(world: CloudWorld, rows: readonly LogRow[]): Iterable<string> {
  const head = headRow.parse(world.table.get(group, 'head')?.value);
  if (head.committedSeq !== head.intentSeq) yield `I11 open: ${head.committedSeq} < ${head.intentSeq}`;
  for (const row of world.table.range(group, 'intent|', 'intent}')) yield `I11 intent left: ${row.key}`;
  const { swept } = floorRow.parse(world.table.get(group, 'floor')?.value);
  const expected = Array.from({ length: head.committedSeq - swept }, (_, index) => swept + 1 + index);
  const found = rows.map((row) => row.seq);
  if (JSON.stringify(found) !== JSON.stringify(expected))
    yield `I9 log ${found.join()} is not ${swept + 1}..${head.committedSeq}`;
}

/** I10: one final row for each number up to the endpoint's counter, or a parked row that waits. */
function* everyNumberEndsOnce(world: CloudWorld, rows: readonly LogRow[]): Iterable<string> {
  const parked = new Set(
    world.table.range(group, 'parked|', 'parked}').map((row) => {
      const { endpoint, incarnation, n } = parkedRow.parse(row.value);
      return `${endpoint} ${incarnation} ${n}`;
    }),
  );
  const finals = new Map<string, number>();
  for (const row of rows) {
    if (row.n === 0) continue;
    const name = `${row.endpoint} ${row.incarnation} ${row.n}`;
    if (row.outcome !== 'parked') finals.set(name, (finals.get(name) ?? 0) + 1);
  }
  for (const [name, count] of finals) if (count > 1) yield `I10 ${name} ended ${count} times`;
  for (const row of world.table.range(group, 'endpoint|', 'endpoint}')) {
    const endpoint = endpointRow.parse(row.value);
    for (let n = 1; n <= endpoint.n; n++) {
      const name = `${endpoint.id} ${endpoint.incarnation} ${n}`;
      if (parked.has(name) === finals.has(name))
        yield `I10 ${name} ended: ${finals.has(name)}, parked: ${parked.has(name)}`;
    }
    for (const name of finals.keys()) {
      const [id, incarnation, n] = name.split(' ');
      if (id === endpoint.id && Number(incarnation) === endpoint.incarnation && Number(n) > endpoint.n)
        yield `I10 ${name} ended above the counter ${endpoint.n}`;
    }
  }
}

/** A row says of content that was sent what became of it: agents take it for synced on that word. */
function* outcomesAreTrue(world: CloudWorld, rows: readonly LogRow[]): Iterable<string> {
  const sent = new Map(world.sent.map((each) => [`${each.endpoint} ${each.incarnation} ${each.n}`, each.operation]));
  const tree = new Replay();
  for (const row of rows) {
    tree.apply(row);
    const operation = sent.get(`${row.endpoint} ${row.incarnation} ${row.n}`);
    if (operation === undefined || !('content' in operation)) continue;
    if (row.outcome !== 'applied' && row.outcome !== 'conflict') continue;
    const id = row.became ?? tree.aliases.get(operation.node) ?? operation.node;
    const node = tree.nodes.get(id);
    if (node === undefined) yield `I3 row ${row.seq} ${row.outcome} but ${id} is not there`;
    else if (node.hash !== null && node.hash !== operation.content.hash)
      yield `I3 row ${row.seq} ${row.outcome} but ${id} has other content`;
  }
}

/** The rows of nodes, walked from the root, are the tree that the log makes. */
function* namespaceIsReplayedLog(world: CloudWorld, replayed: Replay): Iterable<string> {
  const alive = liveRows(world);
  for (const [id, row] of alive) {
    const state = replayed.nodes.get(id);
    const { v: _v, cleared: _cleared, at: _at, ...own } = row;
    if (state === undefined) yield `I1 ${row.name} (${id}) is in the namespace, not in the log`;
    else if (canonical(own) !== canonical(state)) yield `I1 ${id}: row ${canonical(own)}, log ${canonical(state)}`;
    const place = world.table.get(group, `id|${id}`);
    const parsed = place === undefined ? undefined : idRow.parse(place.value);
    if (parsed === undefined || !('key' in parsed) || parsed.parent !== row.parent)
      yield `I7 the id of ${row.name} (${id}) leads to ${JSON.stringify(parsed)}`;
  }
  const names = new Set<string>();
  for (const [id, state] of replayed.nodes) {
    const name = `${state.parent} ${state.name}`;
    if (names.has(name)) yield `I7 two nodes are ${state.name} in ${state.parent}`;
    names.add(name);
    if (!alive.has(id)) yield `I1 ${state.name} (${id}) is in the log, not in the namespace`;
    if (replayed.pathOf(id) === undefined) yield `I7 ${state.name} (${id}) has no parent`;
  }
}

function liveRows(world: CloudWorld): ReadonlyMap<string, NodeRow> {
  const alive = new Map<string, NodeRow>();
  const visit = (parent: string, cleared: number): void => {
    for (const row of world.table.range(group, `node|${parent}|`, `node|${parent}}`, Number.MAX_SAFE_INTEGER)) {
      const node = nodeRow.parse(row.value);
      if (node.seq <= cleared) continue;
      alive.set(node.id, node);
      if (node.kind === 'directory') visit(node.id, node.cleared ?? 0);
    }
  };
  visit(rootId, 0);
  return alive;
}

/** I1: every node at its path with its file id, ETag, times and content, and nothing else. */
function* shareIsNamespace(share: Pick<MemoryShare, 'walk'>, replayed: Replay): Iterable<string> {
  const expected = new Map<string, NodeState>();
  for (const node of replayed.nodes.values()) expected.set(replayed.sharePathOf(node.id), node);
  for (const [path, entry] of share.walk()) {
    if (path === '.tideway' || path.startsWith('.tideway/')) continue;
    const node = expected.get(path);
    expected.delete(path);
    if (node === undefined && entry.deletePending) continue; // on its way out, whoever looks
    if (node === undefined) yield `I1 ${path} is on the share, not in the namespace`;
    else if (shareKindOf(node) !== entry.kind) yield `I1 ${path} is a ${entry.kind}, not a ${node.kind}`;
    else if (node.kind === 'link' && linkTarget(entry.content) !== node.target)
      yield `I1 ${path} leads to ${linkTarget(entry.content)}, not to ${node.target}`;
    else if (entry.kind === 'file') {
      const facts = { etag: entry.etag, fileId: entry.fileId, lastWrite: entry.lastWrite, size: entry.content.length };
      const { etag, fileId, lastWrite, size } = node;
      if (canonical(facts) !== canonical({ etag, fileId, lastWrite, size }))
        yield `I1 ${path}: share ${canonical(facts)}, row ${canonical({ etag, fileId, lastWrite, size })}`;
      if (node.hash !== null && node.hash !== hashOf(entry.content))
        yield `I19 ${path}: content is not of the row's hash`;
    }
  }
  for (const path of expected.keys()) yield `I1 ${path} is in the namespace, not on the share`;
}

/** A snapshot is what the namespace was at its number, where nobody else wrote to the share; and the share has it. */
function* snapshotsAreNamespace(world: CloudWorld, rows: readonly LogRow[]): Iterable<string> {
  const isWhole = rows[0]?.seq === 1 && world.foreign.size === 0 && world.destroyed.size === 0;
  for (const row of world.table.range(group, snapshotPrefix, 'snapshot}', 1000)) {
    const { id, seq } = snapshotRow.parse(row.value);
    const past = world.share.past(id);
    if (past === undefined) yield `I1 snapshot ${id} is not on the share`;
    else if (isWhole)
      for (const broken of shareIsNamespace(past, new Replay(rows.filter((each) => each.seq <= seq))))
        yield `snapshot ${id} at ${seq}: ${broken}`;
  }
}

/** What was ordered has one final row, or waits. */
function* ordersEndOnce(world: CloudWorld, rows: readonly LogRow[]): Iterable<string> {
  for (const row of world.table.range(group, orderPrefix, 'backup|order}', 1000)) {
    const { n, closed } = orderRow.parse(row.value);
    const ends = rows.filter((each) => each.endpoint === 'backup' && each.n === n && each.outcome !== 'parked');
    const found = ends.map(({ seq }) => seq).join();
    if (rows[0]?.seq === 1 && found !== String(closed?.seq ?? ''))
      yield `I10 order ${n} is closed by ${closed?.seq}, the log has ${found}`;
  }
}

/** I3: every content ever committed or saved is somewhere, and none went to trash that the log does not know. */
function* nothingIsLost(world: CloudWorld, rows: readonly LogRow[]): Iterable<string> {
  const all = world.share.walk().filter(([, entry]) => entry.kind === 'file');
  const hashes = new Set(all.map(([, entry]) => hashOf(entry.content)));
  const texts = new Set(all.map(([, entry]) => textOf(entry.content)));
  const known = new Set<string>();
  for (const text of world.destroyed) {
    hashes.add(hashOf(Buffer.from(text)));
    texts.add(text);
  }
  for (const row of rows)
    for (const effect of row.effects) {
      if (!('put' in effect) || effect.put.kind === 'directory') continue;
      const { hash, name, fileId, size, lastWrite } = effect.put;
      known.add(`${fileId} ${size} ${lastWrite}`);
      if (hash !== null && !hashes.has(hash)) yield `I3 row ${row.seq}: the content of ${name} is nowhere`;
    }
  for (const text of world.foreign) if (!texts.has(text)) yield `I3 ${text}, saved on the share, is nowhere`;
  for (const [path, entry] of all) {
    if (!path.startsWith(`${trashRoot}/`) || path.slice(trashRoot.length + 1).includes('/')) continue;
    if (!world.foreign.has(textOf(entry.content))) continue;
    if (!known.has(`${entry.fileId} ${entry.content.length} ${entry.lastWrite}`))
      yield `I3 ${textOf(entry.content)}, saved on the share, is in trash (${path}) and never was a version`;
  }
}

function canonical(value: object): string {
  return JSON.stringify(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
