// Who sent what to whom when, as the extension keeps it with each entity and each execution: by it messages that come in
// another order than they were sent in are put right. Here they never do, and it is kept for those who look: times of messages
// name their forerunners, and an entity's instance shows it.
import { tickText, ticksOf } from './time.ts';

/** With the names and the order of the extension's JSON text; what is missing is zero. Times as `utc` writes them. */
export interface Sorter {
  readonly LastSentToInstance?: Readonly<Record<string, string>> | undefined;
  readonly ReceivedFromInstance?: Readonly<Record<string, Received>> | undefined;
  readonly ReceiveHorizon?: string | undefined;
  readonly SendHorizon?: string | undefined;
}

interface Received {
  readonly Last?: string;
  readonly ExecutionId?: string;
}

export interface Stamp {
  /** When it was sent, and when the sender's last one to that entity was. */
  readonly at: string;
  readonly after: string;
}

/** The zero of .NET: of who keeps no book of what it sends. */
export const never = '0001-01-01T00:00:00';

const second = 10_000_000n;
const reorderWindow = 30n * 60n * second;
/** Between two looks for what is too old to matter. */
const betweenLooks = 10n * second;

const isOver = (horizon: string | undefined, now: bigint): boolean =>
  ticksOf(horizon ?? never) + reorderWindow + betweenLooks < now;

/** The stamp of the next message from here, sent at `now`: never that of the one before it. */
export function label(before: Sorter, target: string, now: string): { readonly sorter: Sorter; readonly stamp: Stamp } {
  let { LastSentToInstance: sent = {}, SendHorizon } = before;
  if (isOver(SendHorizon, ticksOf(now))) {
    const horizon = ticksOf(now) - reorderWindow;
    SendHorizon = tickText(horizon);
    sent = Object.fromEntries(Object.entries(sent).filter(([, at]) => ticksOf(at) >= horizon));
  }
  const last = sent[target];
  const at = last === undefined || ticksOf(last) < ticksOf(now) ? now : tickText(ticksOf(last) + 1n, '');
  return {
    stamp: { at, after: last ?? never },
    sorter: inOrder({ ...before, LastSentToInstance: { ...sent, [target]: at }, SendHorizon }),
  };
}

interface Message {
  readonly parent?: string;
  readonly parentExecution?: string;
  readonly pos?: number;
  readonly Timestamp?: string;
}

/** After a message has come. Those of clients, and locks that another entity passes on, come in no order. */
export function received(before: Sorter, { parent, parentExecution, pos = 0, Timestamp: at }: Message): Sorter {
  if (parent === undefined || at === undefined || pos > 0) return before;
  let { ReceivedFromInstance: from = {}, ReceiveHorizon } = before;
  if (isOver(ReceiveHorizon, ticksOf(at))) {
    const horizon = ticksOf(at) - reorderWindow;
    ReceiveHorizon = tickText(horizon);
    from = Object.fromEntries(Object.entries(from).filter(([, { Last }]) => ticksOf(Last ?? never) >= horizon));
  }
  if (ticksOf(at) >= ticksOf(ReceiveHorizon ?? never)) {
    const execution = parentExecution === undefined ? {} : { ExecutionId: parentExecution };
    from = { ...from, [parent]: { Last: at, ...execution } };
  }
  return inOrder({ ...before, ReceivedFromInstance: from, ReceiveHorizon });
}

function inOrder({ LastSentToInstance, ReceivedFromInstance, ReceiveHorizon, SendHorizon }: Sorter): Sorter {
  const from = Object.keys(ReceivedFromInstance ?? {}).length === 0 ? undefined : ReceivedFromInstance;
  return { LastSentToInstance, ReceivedFromInstance: from, ReceiveHorizon, SendHorizon };
}
