// The way of one message through the committer, read top to bottom. It may be run twice, by two at once, and killed at any
// await: what is written goes with the head's ETag, what is done to the share looks before it believes.
import {
  seal,
  parseEnvelope,
  parsePayload,
  verifyText,
  cloudSigner,
  type Batch,
  type Payload,
} from '../../protocol/message.ts';
import { hold, limitsOf, weigh, type Weighed } from '../brake.ts';
import { isAuthor, type AnyOperation } from '../../protocol/operation.ts';
import { foresee, nextChunk, type Numbered, type Sender } from './chunk.ts';
import { decidingOf, rejected } from './deciding.ts';
import { endScan } from '../enumerate/start.ts';
import { examine, examineEach } from './examine.ts';
import { takeCache, type Cloud } from '../group.ts';
import { carryOutAll, commitChunk, recover, type Held, type Logged, type Turn } from './intent.ts';
import { afterFailure, beginAlone } from './poison.ts';
import type { Planned } from './plan.ts';
import { announce, type Announcer } from './publish.ts';
import { retryParked } from './retry.ts';
import { endpointKey, endpointRow, groupKey, groupRow, type EndpointRow } from '../rows.ts';
import { stagedChecks } from './staged.ts';
import { reasonOf } from '../transact.ts';
import { undeletePart } from './undelete.ts';
import { View } from '../view.ts';

/**
 * Handles one message of the queue `changes`. `body` is what was sent, `group` the session it came in, `deliveries` how
 * often it was delivered. Resolving means: every operation in it has come to an end or is parked; a message that can never
 * be handled is logged and resolves, too. Rejecting means: deliver it again.
 */
export async function commit(cloud: Cloud, group: string, body: unknown, deliveries: number): Promise<void> {
  const cache = takeCache(cloud, group);
  const view = new View(cloud.table, group, cache);
  const [head, known] = await Promise.all([view.refresh(), groupOf(cloud, group)]);
  if (head === undefined || known === undefined) return refuse(cloud, group, 'group_unknown');
  // Whatever it is, it comes again: from the outbox of its agent, from the timer, or by an enumeration.
  if (head.row.stopped !== undefined) return refuse(cloud, group, head.row.stopped.code);
  const turn: Turn = { cloud, view, ...known };
  const announcer = announce(cloud, group, cache);
  try {
    note(announcer, await recover(turn));
    const message = await verified(cloud, view, group, body);
    if (typeof message === 'string') refuse(cloud, group, message);
    else await handle(turn, announcer, message, deliveries);
  } catch (error) {
    const reason = await reasonOf(cloud.table, view, error);
    await afterFailure(turn, reason);
    throw reason;
  }
  await lookInto(cloud, group, announcer.examine);
  await announcer.close();
  cloud.caches.set(group, cache);
}

async function handle(turn: Turn, announcer: Announcer, message: Verified, deliveries: number): Promise<void> {
  const { payload, endpoint } = message;
  if ('operations' in payload && endpoint !== undefined)
    await commitBatch(turn, announcer, payload, endpoint, deliveries);
  if ('orders' in payload && endpoint !== undefined) {
    const { orders, author, ...rest } = payload;
    await commitBatch(turn, announcer, { ...rest, endpoint: author, operations: orders }, endpoint, deliveries);
  }
  if ('findings' in payload) {
    const { shallow = [], deep = [] } = Object.groupBy(payload.findings, (each) =>
      each.shallow === true ? 'shallow' : 'deep',
    );
    for (const { path } of deep) note(announcer, await examine(turn, path));
    note(
      announcer,
      await examineEach(
        turn,
        shallow.map(({ path }) => path),
      ),
    );
  }
  if ('undelete' in payload) note(announcer, await undeletePart(turn, payload.undelete));
  if ('nudge' in payload) {
    note(announcer, await retryParked(turn));
    if (payload.scan !== undefined) await endScan(turn.cloud, turn.view.group, payload.scan);
  }
}

async function groupOf(cloud: Cloud, group: string): Promise<Pick<Turn, 'share' | 'limits'> | undefined> {
  const row = await cloud.table.get(group, groupKey);
  if (row === undefined) return undefined;
  const known = groupRow.parse(row.value);
  return { share: cloud.share(known.share), limits: limitsOf(cloud, known) };
}

function refuse(cloud: Cloud, group: string, code: string): void {
  cloud.log.error('message_refused', { group, code });
}

function note(announcer: Announcer, logged: Logged): void {
  announcer.add(logged);
}

interface Verified {
  readonly payload: Payload;
  readonly endpoint: EndpointRow | undefined;
}

/** Who sent it, or the code of what is wrong with it: a replayed or forged message changes nothing (I26). */
async function verified(cloud: Cloud, view: View, group: string, body: unknown): Promise<Verified | string> {
  const envelope = parseEnvelope(body);
  if (envelope === undefined) return 'message_malformed';
  const own = envelope.signer === cloudSigner;
  const row = own ? undefined : await view.fresh(endpointKey(envelope.signer));
  if (!own && row === undefined) return 'endpoint_unknown';
  const endpoint = row === undefined ? undefined : endpointRow.parse(row.value);
  if (endpoint?.revoked === true) return 'endpoint_revoked';
  const key = endpoint?.publicKey ?? cloud.keys.publicKey;
  if (!verifyText(envelope.payload, envelope.signature, key)) return 'signature_wrong';
  const payload = parsePayload(envelope.payload);
  if (payload === undefined) return 'payload_malformed';
  if (payload.group !== group) return 'group_wrong';
  if ('operations' in payload && payload.endpoint !== endpoint?.id) return 'endpoint_wrong';
  if (!('operations' in payload) && !own) return 'sender_not_allowed';
  if ('orders' in payload) {
    const author = await view.fresh(endpointKey(payload.author));
    return author === undefined ? 'author_unknown' : { payload, endpoint: endpointRow.parse(author.value) };
  }
  return { payload, endpoint };
}

/** What an endpoint sends, or one of the backend's own authors. */
interface Ordered extends Omit<Batch, 'operations'> {
  readonly operations: readonly AnyOperation[];
}

/** So many that one of them brings the committer down before long, if one does. */
const oneByOne = 48;

async function commitBatch(
  turn: Turn,
  announcer: Announcer,
  batch: Ordered,
  endpoint: EndpointRow,
  deliveries: number,
): Promise<void> {
  const { cloud, share } = turn;
  // An incarnation that was replaced: its agent has planned again from its trees, nothing of the old one is wanted.
  if (batch.incarnation !== endpoint.incarnation) return;
  // Held until a person has looked: its agent keeps all of it, and sends it again then.
  if (turn.view.head.row.held?.[endpoint.id] !== undefined) return refuse(cloud, batch.group, 'mass_change');
  if (batch.from > endpoint.n + 1) return askAgain(cloud, batch, endpoint);
  let left: readonly Numbered[] = batch.operations
    .map((operation, index) => ({ n: batch.from + index, operation }))
    .filter(({ n }) => n > endpoint.n);
  if (left.length === 0) return;
  const operations = left.map(({ operation }) => operation);
  const sender: Sender = { endpoint: endpoint.id, server: endpoint.server, incarnation: endpoint.incarnation };
  const staged = stagedChecks(share, endpoint.id, operations);
  // Somebody came down before: one at a time, then as always, and nothing far ahead of that. If it is something further on
  // that brings committers down, the next one begins with it.
  const suspicious = deliveries > 1 || endpoint.trying !== undefined;
  let alone = suspicious ? oneByOne : 0;
  if (!suspicious) await foresee(turn.view, left);
  let open: Held | undefined;
  while (left.length > 0) {
    const careful = alone-- > 0;
    if (suspicious && !careful) await foresee(turn.view, left.slice(0, oneByOne));
    const deciding = decidingOf(turn, sender, staged);
    const first = left[0];
    const poison = careful && first !== undefined && (await beginAlone(turn, endpoint.id, first.n));
    const weighed: Weighed =
      open === undefined
        ? await weigh(
            turn,
            batch,
            poison ? [rejected(deciding, first, 'poison')] : await nextChunk(deciding, left, careful ? 1 : undefined),
          )
        : { state: 'fine', chunk: open.row.operations };
    if (weighed.state === 'mass_change') return hold(turn, endpoint, weighed);
    const { chunk } = weighed;
    const reached = Math.max(...chunk.map((planned) => planned.n));
    const rest = left.filter(({ n }) => n > reached);
    // Not where the committer came down before, nor after a directory that has to come back first.
    const isAhead = !suspicious && reached > 0 && rest.length > 0;
    const ahead = async (): Promise<readonly Planned[]> => {
      const next = await weigh(
        turn,
        batch,
        await nextChunk(decidingOf(turn, sender, staged), rest, undefined, chunk),
        chunk,
      );
      return next.state === 'fine' ? next.chunk : []; // in its turn it is held
    };
    const logged = await (open === undefined
      ? commitChunk(turn, chunk, isAhead ? ahead : undefined)
      : carryOutAll(turn, open, isAhead ? ahead : undefined));
    open = logged.next;
    note(announcer, logged);
    // A directory that had to come back first and could not: the operation is sent again when its agent has planned anew.
    const stuck = first !== undefined && reached === 0 && logged.rows.some((row) => row.outcome !== 'applied');
    if (stuck) note(announcer, await commitChunk(turn, [rejected(deciding, first, 'parent_not_revived')]));
    if (stuck) left = left.slice(1);
    left = left.filter(({ n }) => n > reached);
    await announcer.tick();
  }
}

/** A gap: a message before this one was lost. The sender keeps everything until it sees its outcome, and sends again. */
async function askAgain(cloud: Cloud, batch: Ordered, endpoint: EndpointRow): Promise<void> {
  if (isAuthor(endpoint.id)) return; // its orders are rows, and `tick` sends what is open
  const { group, incarnation } = batch;
  const hint = { kind: 'resend' as const, group, endpoint: endpoint.id, incarnation, from: endpoint.n + 1 };
  await cloud.sites.send([{ to: endpoint.slot, hint }]);
}

/** Directories that turned up on the way are looked into by messages of their own. */
async function lookInto(cloud: Cloud, group: string, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  const findings = paths.slice(0, 100).map((path) => ({ kind: 'examine' as const, path }));
  await cloud.changes.send(group, seal({ v: 1, group, findings }, cloudSigner, cloud.keys.privateKey));
  await lookInto(cloud, group, paths.slice(100));
}
