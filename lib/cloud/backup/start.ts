// What `tick` does for backups: begins those that are due, and looks after the orders.
import type { Cloud } from '../group.ts';
import { listGroups } from '../registry.ts';
import { changeState, readBook, readSnapshots, type Book } from './book.ts';
import type { BackupRun } from './flow.ts';
import { sendOpen } from './order.ts';
import { demandPrefix, type BackupState } from './rows.ts';
import { dueNow } from './settings.ts';

/**
 * Starts the orchestration; starting a run that runs already changes nothing. `again`: it was started, and is to be only where
 * it has failed since.
 */
export type StartBackup = (run: BackupRun, again: boolean) => Promise<void>;

export async function startBackups(cloud: Cloud, start: StartBackup): Promise<void> {
  for (const group of await listGroups(cloud)) {
    try {
      await startDue(cloud, group, start);
    } catch (error) {
      cloud.log.error('backup_not_started', { group, error }); // the other groups go on, and this one is tried again
    }
  }
}

/** A run that is silent for so long has died with its instance, or was terminated. */
const maxRunMs = 6 * 60 * 60_000;
/** By then most runs have ended. */
const longRunMs = 60_000;
const lookEveryMs = 60 * 60_000;
const sendAgainMs = 60_000;
/** Somebody who waits for an order asks every moment; a run may be held up for long. */
const rememberDemandMs = 60 * 60_000;
const rememberRunMs = 24 * 60 * 60_000;

async function startDue(cloud: Cloud, group: string, start: StartBackup): Promise<void> {
  const book = await readBook(cloud, group);
  await lookAfterOrders(cloud, group, book);
  const now = cloud.clock.now();
  const state = book.state?.value;
  if (state?.running !== undefined && Math.abs(now - state.running.since) < maxRunMs) {
    const { run, since, dueAt } = state.running;
    // A crash of the process that replays an orchestrator fails it; its steps may all be done again.
    if (now - since >= longRunMs) await start({ group, run, ...(dueAt === undefined ? {} : { dueAt }) }, true);
    return;
  }
  const dueAt = dueNow(book.settings?.value, state, now);
  if (dueAt !== undefined) {
    const run: BackupRun = { group, run: `due-${dueAt.toString(36)}`, dueAt };
    await start(run, false);
    await changeState(cloud, group, (before) => ({ ...running(before, run, now), begunUpTo: dueAt }));
    return;
  }
  if (book.author === undefined || Math.abs(now - (state?.lookedAt ?? 0)) < lookEveryMs) return;
  const isOver = (await readSnapshots(cloud, group)).some(
    ({ expiresAt }) => expiresAt !== undefined && expiresAt <= now,
  );
  const run: BackupRun = { group, run: `over-${now.toString(36)}` };
  if (isOver) await start(run, false);
  await changeState(cloud, group, (before) => ({ ...(isOver ? running(before, run, now) : before), lookedAt: now }));
}

/** RACE: it may have ended before its start is written down, and would then be waited for in vain. */
function running(state: BackupState, { run, dueAt }: BackupRun, since: number): BackupState {
  if (state.last?.run === run) return state;
  return { ...state, running: { run, since, ...(dueAt === undefined ? {} : { dueAt }) } };
}

/** What was ordered and not come to is sent again; what was closed long ago is forgotten. */
async function lookAfterOrders(cloud: Cloud, group: string, book: Book): Promise<void> {
  const now = cloud.clock.now();
  const isLate = book.orders.some(
    ({ value }) => value.closed === undefined && value.n > (book.author?.n ?? 0) && now - value.at >= sendAgainMs,
  );
  if (isLate) await sendOpen(cloud, group, book);
  const old = book.orders.filter(({ value: { closed, operation } }) => {
    const rememberMs = operation.order.startsWith(demandPrefix) ? rememberDemandMs : rememberRunMs;
    return closed !== undefined && now - closed.at > rememberMs;
  });
  for (let at = 0; at < old.length; at += 100)
    await cloud.table.transact(
      group,
      old.slice(at, at + 100).map(({ key }) => ({ do: 'delete', key })),
    );
}
