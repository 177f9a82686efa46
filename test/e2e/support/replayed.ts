// The change log by the official client, replayed from zero, beside what the sites hold.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { TableClient } from '@azure/data-tables';
import { blockHash, contentHash } from '../../../lib/agent/hash.ts';
import { valueOf } from '../../../lib/azure/columns.ts';
import { must } from '../../../lib/base/errors.ts';
import { blockSize } from '../../../lib/core/node.ts';
import { logRow, type LogRow } from '../../../lib/protocol/log-row.ts';
import { Replay } from '../../support/replay.ts';
import { directoriesBelow, filesBelow } from './files.ts';
import type { Workspace } from './workspace.ts';

/** The whole log of the only group; rejects when its rows are not 1, 2, 3 ... to the end. */
export async function logOf(space: Workspace): Promise<readonly LogRow[]> {
  const settings = await space.settings();
  const connection = must(settings['AZURE_STORAGE_CONNECTION_STRING'], 'a connection string');
  const table = TableClient.fromConnectionString(connection, 'namespace', { allowInsecureConnection: true });
  const filter = "RowKey ge 'log|' and RowKey lt 'log}'";
  const rows: LogRow[] = [];
  for await (const entity of table.listEntities({ queryOptions: { filter } })) rows.push(logRow.parse(valueOf(entity)));
  for (const [index, { seq }] of rows.entries()) assert.equal(seq, index + 1, 'a gap in the log');
  return rows;
}

/** Rejects unless the tree that the log makes is the one that `site` holds: names, kinds and contents. In sync, without links. */
export async function isReplayed(space: Workspace, site: string): Promise<void> {
  const root = space.site(site);
  const logged = new Map<string, string>();
  for (const [name, node] of new Replay(await logOf(space)).byPath())
    logged.set(name, node.kind === 'file' ? `${node.size} ${node.hash ?? hashOf(path.join(root, name))}` : node.kind);
  const held = new Map<string, string>(directoriesBelow(root).map((name) => [name, 'directory']));
  for (const name of filesBelow(root)) {
    const file = path.join(root, name);
    held.set(name, `${readFileSync(file).length} ${hashOf(file)}`);
  }
  assert.deepEqual(inOrder(held), inOrder(logged), `what ${site} holds is not what the log says`);
}

function inOrder(tree: ReadonlyMap<string, string>): readonly string[] {
  return [...tree].map(([name, what]) => `${name}: ${what}`).toSorted();
}

function hashOf(file: string): string {
  const bytes = readFileSync(file);
  const blocks = Array.from({ length: Math.ceil(bytes.length / blockSize) }, (_, index) =>
    blockHash(bytes.subarray(index * blockSize, (index + 1) * blockSize)),
  );
  return contentHash(blocks);
}
