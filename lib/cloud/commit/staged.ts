// Are the staged files of a message what it says they are? One listing for all slots that share a batch; List Ranges only
// where the content did not come whole in one request (I19: a file is made full of zeros first).
import { blockSize } from '../../core/node.ts';
import { stagingDir } from '../../protocol/layout.ts';
import type { AnyOperation, Content } from '../../protocol/operation.ts';
import type { Expected } from './plan.ts';
import { ShareRefusal, type Share, type ShareEntry } from '../ports.ts';

export interface StagedFacts {
  /** The code of what is wrong. */
  readonly wrong?: string | undefined;
  /** How the file is told from one that was written to after it got its name. */
  readonly expect?: Expected | undefined;
}

export type StagedCheck = (operation: AnyOperation) => Promise<StagedFacts>;

/** Slots are named `<batch>-<number>`: the batch is the prefix of a listing. */
function batchOf(slot: string): string {
  const dash = slot.lastIndexOf('-');
  return dash < 0 ? slot : slot.slice(0, dash + 1);
}

/** Lists what the operations name, side by side with what else is looked up for them, and answers a check of one of them. */
export function stagedChecks(share: Share, endpoint: string, operations: readonly AnyOperation[]): StagedCheck {
  const listing = listed(share, endpoint, operations);
  listing.catch(() => {}); // it is awaited by each check: this one only says that somebody will
  return async (operation) => {
    if (!('content' in operation)) return {};
    const { content } = operation;
    const staged = await listing;
    const entry = staged.get(content.slot);
    const wrong = await check(share, endpoint, staged, content);
    if (entry === undefined || wrong !== undefined) return { wrong };
    return { expect: { fileId: entry.fileId, size: entry.size, lastWrite: entry.lastWrite } };
  };
}

async function listed(
  share: Share,
  endpoint: string,
  operations: readonly AnyOperation[],
): Promise<ReadonlyMap<string, ShareEntry>> {
  const batches = new Set<string>();
  for (const operation of operations) if ('content' in operation) batches.add(batchOf(operation.content.slot));
  const lists = await Promise.all([...batches].map((batch) => share.list(stagingDir(endpoint), batch)));
  return new Map(lists.flatMap((entries) => (entries ?? []).map((entry) => [entry.name, entry] as const)));
}

async function check(
  share: Share,
  endpoint: string,
  staged: ReadonlyMap<string, ShareEntry>,
  content: Content,
): Promise<string | undefined> {
  const entry = staged.get(content.slot);
  if (entry === undefined || entry.kind !== 'file') return 'staged_missing';
  if (entry.size !== content.size || entry.etag !== content.etag) return 'staged_changed';
  if (content.size > blockSize) {
    const blocks = Math.ceil(content.size / blockSize);
    const list = staged.get(`${content.slot}.b`);
    if (content.blocks === undefined || list === undefined || list.size !== blocks * 32) return 'staged_blocks';
  }
  if (content.whole) return content.size <= blockSize ? undefined : 'staged_gap';
  const ranges = await rangesOf(share, `${stagingDir(endpoint)}/${content.slot}`);
  if (ranges === undefined) return 'staged_missing';
  return covers(content.size, [...ranges, ...(content.holes ?? [])]) ? undefined : 'staged_gap';
}

/** Undefined where the file went, or was taken, after it was listed. */
async function rangesOf(share: Share, path: string): Promise<readonly (readonly [number, number])[] | undefined> {
  try {
    return await share.ranges(path);
  } catch (error) {
    if (error instanceof ShareRefusal) return undefined;
    throw error;
  }
}

/** Whether the ranges [from, to) together cover [0, size). */
function covers(size: number, ranges: readonly (readonly [number, number])[]): boolean {
  let reached = 0;
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (from > reached) return false;
    reached = Math.max(reached, to);
  }
  return reached >= size;
}
