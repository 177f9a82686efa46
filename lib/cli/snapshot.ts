// `snapshot create|list|delete`: what is ordered is waited for until the committer has it in the log.
import { randomBytes } from 'node:crypto';
import { TidewayError } from '../base/errors.ts';
import { readHubFile } from '../local/hub/hub-file.ts';
import {
  orderAnswer,
  snapshotsAnswer,
  type OrderAnswer,
  type SnapshotAnswer,
  type SnapshotsAnswer,
} from '../protocol/backup.ts';
import { askApi } from './api.ts';
import { numberOption, parseOptions, type Parsed } from './options.ts';
import { UsageError, exit } from './usage.ts';

const own = {
  group: { type: 'string' },
  label: { type: 'string' },
  keep: { type: 'string' },
  timeout: { type: 'string' },
} as const;
const pollMs = 100;
const dayMs = 86_400_000;
const defaultKeepDays = 30;

export async function snapshot(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(args, own, 2);
  const group = parsed.text('group') ?? readHubFile(parsed.data)?.group ?? 'default';
  const ask = (method: string, rest: string, body?: unknown): Promise<unknown> =>
    askApi(parsed.data, method, `groups/${encodeURIComponent(group)}/${rest}`, body);
  const [what, id] = parsed.positionals;
  if (what === 'create' && id === undefined) return create(parsed, ask);
  if (what === 'list' && id === undefined) return list(parsed, ask);
  if (what === 'delete' && id !== undefined) return remove(parsed, ask, id);
  const given = parsed.positionals.join(' ');
  throw new UsageError('command_unknown', `tideway snapshot ${given}`, 'Use: tideway snapshot create|list|delete ID.');
}

type Ask = (method: string, rest: string, body?: unknown) => Promise<unknown>;

async function create(parsed: Parsed, ask: Ask): Promise<number> {
  const label = parsed.text('label');
  const days =
    parsed.text('keep') === 'forever' ? undefined : (numberOption(parsed, 'keep', 1, 36_500) ?? defaultKeepDays);
  const body = {
    order: randomBytes(8).toString('hex'),
    ...(label === undefined ? {} : { label }),
    ...(days === undefined ? {} : { expiresAt: new Date(Date.now() + days * dayMs).toISOString() }),
  };
  const ended = await settled(parsed, ask, orderAnswer.parse(await ask('POST', 'snapshots', body)));
  if (ended === undefined) return exit.waiting;
  const all = await listed(ask);
  const taken = all.snapshots.find((each) => each.id === ended.snapshot);
  if (taken === undefined)
    throw new TidewayError('snapshot_gone', `snapshot ${ended.snapshot} was taken, and is gone already`);
  process.stdout.write(parsed.json ? `${JSON.stringify(taken)}\n` : `${line(taken)}\n`);
  return exit.done;
}

async function list(parsed: Parsed, ask: Ask): Promise<number> {
  const answer = await listed(ask);
  const others = answer.others === 0 ? [] : [`and ${answer.others} that others took`];
  const lines = [...(answer.snapshots.length === 0 ? ['no snapshots'] : answer.snapshots.map(line)), ...others];
  process.stdout.write(parsed.json ? `${JSON.stringify(answer)}\n` : `${lines.join('\n')}\n`);
  return exit.done;
}

async function remove(parsed: Parsed, ask: Ask, id: string): Promise<number> {
  const first = orderAnswer.parse(await ask('DELETE', `snapshots/${encodeURIComponent(id)}`));
  const ended = await settled(parsed, ask, first);
  if (ended === undefined) return exit.waiting;
  process.stdout.write(parsed.json ? `${JSON.stringify({ id, seq: ended.seq })}\n` : `${id} deleted\n`);
  return exit.done;
}

/** Undefined when it is still open in the end. Rejects with the code of a refusal. */
async function settled(parsed: Parsed, ask: Ask, first: OrderAnswer): Promise<OrderAnswer | undefined> {
  const seconds = numberOption(parsed, 'timeout', 1, 1_000_000) ?? 300;
  const deadline = performance.now() + seconds * 1000;
  let now = first;
  while (now.state === 'open' && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    now = orderAnswer.parse(await ask('GET', `orders/${first.order}`));
  }
  if (now.state === 'rejected')
    throw new TidewayError(now.code ?? 'rejected', 'the committer has refused it', { hint: hints[now.code ?? ''] });
  if (now.state === 'applied') return now;
  process.stderr.write(`tideway: not committed after ${seconds} s; it goes on by itself: tideway snapshot list\n`);
  return undefined;
}

const hints: Readonly<Record<string, string>> = {
  snapshot_limit: 'A share holds 200 snapshots: delete some, or keep fewer (tideway group set).',
  snapshot_foreign: 'It was made by somebody else: delete it where it was made.',
};

async function listed(ask: Ask): Promise<SnapshotsAnswer> {
  return snapshotsAnswer.parse(await ask('GET', 'snapshots'));
}

function line({ id, seq, kind, label, keep, why }: SnapshotAnswer): string {
  const reasons = `${keep ? 'kept' : 'goes'}: ${why.join(', ')}`;
  return `${id}  ${String(seq).padStart(8)}  ${kind.padEnd(9)}  ${reasons}${label === undefined ? '' : `  "${label}"`}`;
}
