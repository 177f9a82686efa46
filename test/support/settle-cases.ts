import { expect, test } from '@jest/globals';
import { advance, type Effect, type OutcomeRow } from '../../lib/core/advance.ts';
import type { MemoryTrees } from '../../lib/core/memory-trees.ts';
import type { NodeId } from '../../lib/core/node.ts';
import { plan } from '../../lib/core/plan.ts';
import { settle, type Change, type Sent } from '../../lib/core/settle.ts';
import type { Synced } from '../../lib/core/trees.ts';
import { allIds, lines, remoteOf, tinyTrees, type TinyTrees } from './tiny-trees.ts';

export const put = (id: NodeId, spec: string): Effect => ({ put: remoteOf(id, spec) });
export const alias = (from: NodeId, to: NodeId): Effect => ({ alias: from, to });

export function content(hash: string): { content: { size: number; hash: string }; mtime: string; mode: number } {
  return { content: { size: 1, hash }, mtime: '1000000', mode: 0o644 };
}

export interface SettleCase extends TinyTrees {
  readonly it: string;
  readonly sent: Sent;
  readonly row: Partial<OutcomeRow>;
  readonly rejections?: number;
  /** `set a = root/f@3`, `forget a`, `rekey a to b`, `renew a = root/f@3`, `hold a code`, `dirty a`. */
  readonly changes: readonly string[];
  /** The next plan of everything. */
  readonly next?: readonly string[];
}

function line(change: Change): string {
  if (change.kind === 'rekey') return `rekey ${change.from} to ${change.to}`;
  if (change.kind === 'held') return `hold ${change.id} ${change.code}`;
  if (change.kind === 'dirty') return `dirty ${change.id}`;
  if (change.kind === 'renew') return `renew ${change.from} = ${stateLine(change.synced)}`;
  const { id, synced } = change;
  return synced === null ? `forget ${id}` : `set ${id} = ${stateLine(synced)}`;
}

function stateLine(synced: Omit<Synced, 'id'> | null): string {
  return synced === null ? 'nothing' : `${synced.parent}/${synced.name}@${synced.version}`;
}

export function checkOutcomes(cases: readonly SettleCase[]): void {
  test.each(cases.map((one) => [one.it, one] as const))('%s', (_, one) => {
    const trees: MemoryTrees = tinyTrees(one);
    const row: OutcomeRow = { seq: 9, outcome: 'applied', effects: [], ...one.row };
    for (const [id, remote] of advance(trees, row)) trees.setRemote(id, remote);
    const changes = settle(trees, { sent: one.sent, rejections: one.rejections ?? 0 }, row) ?? [];
    expect(changes.map(line)).toEqual(one.changes);
    trees.apply(changes, () => 'fresh');
    if (one.next !== undefined) expect(lines(plan(trees, allIds(trees)))).toEqual(one.next);
  });
}

export const at = (node: NodeId, parent: NodeId, name: string): { node: NodeId; parent: NodeId; name: string } => ({
  node,
  parent,
  name,
});
