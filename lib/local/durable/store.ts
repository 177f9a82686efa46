// The hub's one file. What belongs together is written in one transaction: the end of a turn with all it sends, the end of
// an activity with the news of it. So whatever a kill leaves behind is the state between two steps, never within one.
import { GroupCommit } from '../../base/group-commit.ts';
import { type Database, type Statement, openDatabase } from '../../base/sqlite.ts';
import type { ExecutionStarted, HistoryEvent, ParentInstance } from './history.ts';
import { schema } from './schema.ts';

export type Status = 'Pending' | 'Running' | 'Suspended' | 'Completed' | 'Failed' | 'Terminated' | 'Canceled';

export function hasEnded(status: Status): boolean {
  return status !== 'Pending' && status !== 'Running' && status !== 'Suspended';
}

export interface Instance {
  readonly id: string;
  readonly execution: string;
  readonly name: string;
  readonly version: string | null;
  readonly status: Status;
  /** JSON texts. */
  readonly input: string | null;
  readonly output: string | null;
  readonly customStatus: string | null;
  readonly parent: ParentInstance | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface Message {
  readonly seq: number;
  readonly execution: string | null;
  readonly event: HistoryEvent;
}

export interface Activity {
  readonly seq: number;
  readonly instance: string;
  readonly execution: string;
  readonly task: number;
  readonly name: string;
  readonly input: string | null;
  readonly startedAt: number | null;
}

export class Store {
  readonly #db: Database;
  readonly #group: GroupCommit;
  readonly #statements = new Map<string, Statement>();

  constructor(file: string) {
    this.#db = openDatabase(file, schema);
    this.#group = new GroupCommit(this.#db);
  }

  /** Runs `work` in a transaction; resolves once it is on disk. Writing methods are for the inside of it alone. */
  commit<T>(work: () => T): Promise<T> {
    return this.#group.run(work);
  }

  close(): void {
    if (!this.#db.isOpen) return;
    this.#group.flush();
    this.#db.close();
  }

  instance(id: string): Instance | undefined {
    const row = this.statement('SELECT * FROM instance WHERE id = ?').get(id);
    return row === undefined ? undefined : instanceOf(row);
  }

  putInstance(instance: Instance): void {
    const { id, execution, name, version, status, input, output, customStatus, parent, createdAt, updatedAt } =
      instance;
    this.statement(
      `INSERT OR REPLACE INTO instance
       (id, execution, name, version, status, input, output, customStatus, parent, createdAt, updatedAt)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      id,
      execution,
      name,
      version,
      status,
      input,
      output,
      customStatus,
      parent === undefined ? null : JSON.stringify(parent),
      createdAt,
      updatedAt,
    );
  }

  /** An execution from its beginning; what an earlier one of the id left is gone, but for starts that wait for their turn. */
  begin(started: ExecutionStarted, now: number): void {
    const { InstanceId: id, ExecutionId: execution } = started.OrchestrationInstance;
    this.forget(id);
    this.statement("DELETE FROM inbox WHERE instance = ? AND json_extract(event, '$.EventType') <> 0").run(id);
    this.putInstance({
      id,
      execution,
      name: started.Name,
      version: started.Version,
      status: 'Pending',
      input: started.Input,
      output: null,
      customStatus: null,
      parent: started.ParentInstance ?? undefined,
      createdAt: now,
      updatedAt: now,
    });
    this.send(id, started, execution);
  }

  /** All that an execution has scheduled and been told. */
  forget(id: string): void {
    this.statement('DELETE FROM history WHERE instance = ?').run(id);
    this.statement('DELETE FROM activity WHERE instance = ?').run(id);
    this.cancelTimers(id);
  }

  purge(id: string): void {
    this.forget(id);
    this.statement('DELETE FROM inbox WHERE instance = ?').run(id);
    this.statement('DELETE FROM instance WHERE id = ?').run(id);
  }

  /** Event texts, as they were appended. */
  history(id: string): string[] {
    return this.statement('SELECT event FROM history WHERE instance = ? ORDER BY seq')
      .all(id)
      .map((row) => String(row['event']));
  }

  append(id: string, events: readonly HistoryEvent[]): void {
    const last = this.statement('SELECT max(seq) AS last FROM history WHERE instance = ?').get(id)?.['last'];
    let seq = last === null || last === undefined ? 0 : Number(last);
    const insert = this.statement('INSERT INTO history (instance, seq, event) VALUES (?, ?, ?)');
    for (const event of events) insert.run(id, ++seq, JSON.stringify(event));
  }

  /** Writes over an event: `index` counts from 0. */
  overwrite(id: string, index: number, event: HistoryEvent): void {
    this.statement('UPDATE history SET event = ? WHERE instance = ? AND seq = ?').run(
      JSON.stringify(event),
      id,
      index + 1,
    );
  }

  /** Into the inbox; with an `execution`, for that one alone. */
  send(instance: string, event: HistoryEvent, execution?: string): void {
    this.statement('INSERT INTO inbox (instance, execution, event) VALUES (?, ?, ?)').run(
      instance,
      execution ?? null,
      JSON.stringify(event),
    );
  }

  inbox(id: string): Message[] {
    return this.statement('SELECT seq, execution, event FROM inbox WHERE instance = ? ORDER BY seq')
      .all(id)
      .map((row) => ({
        seq: Number(row['seq']),
        execution: row['execution'] === null ? null : String(row['execution']),
        event: JSON.parse(String(row['event'])) as HistoryEvent,
      }));
  }

  hasNews(id: string): boolean {
    return this.statement('SELECT 1 FROM inbox WHERE instance = ? LIMIT 1').get(id) !== undefined;
  }

  take(messages: Iterable<Pick<Message, 'seq'>>): void {
    const statement = this.statement('DELETE FROM inbox WHERE seq = ?');
    for (const { seq } of messages) statement.run(seq);
  }

  /** Instances with something in their inbox. */
  waiting(): string[] {
    return this.statement('SELECT DISTINCT instance FROM inbox')
      .all()
      .map((row) => String(row['instance']));
  }

  /** Returns its number in the queue. */
  addActivity(activity: Omit<Activity, 'seq' | 'startedAt'>): number {
    const { instance, execution, task, name, input } = activity;
    return Number(
      this.statement('INSERT INTO activity (instance, execution, task, name, input) VALUES (?, ?, ?, ?, ?)').run(
        instance,
        execution,
        task,
        name,
        input,
      ).lastInsertRowid,
    );
  }

  activity(seq: number): Activity | undefined {
    return this.statement('SELECT * FROM activity WHERE seq = ?').get(seq) as Activity | undefined;
  }

  activities(): { readonly seq: number; readonly startedAt: number | null }[] {
    return this.statement('SELECT seq, startedAt FROM activity ORDER BY seq').all() as unknown as {
      seq: number;
      startedAt: number | null;
    }[];
  }

  /** When it was begun, or null: it is as if it never had been. */
  markActivity(seq: number, startedAt: number | null): void {
    this.statement('UPDATE activity SET startedAt = ? WHERE seq = ?').run(startedAt, seq);
  }

  /** False where it had ended before, or nobody waits for it any more. */
  endActivity(seq: number): boolean {
    return Number(this.statement('DELETE FROM activity WHERE seq = ?').run(seq).changes) > 0;
  }

  addTimer(instance: string, execution: string, task: number, dueAt: number, event: HistoryEvent): void {
    this.statement('INSERT INTO timer (instance, execution, task, dueAt, event) VALUES (?, ?, ?, ?, ?)').run(
      instance,
      execution,
      task,
      dueAt,
      JSON.stringify(event),
    );
  }

  cancelTimer(instance: string, execution: string, task: number): void {
    this.statement('DELETE FROM timer WHERE instance = ? AND execution = ? AND task = ?').run(
      instance,
      execution,
      task,
    );
  }

  /** All timers of an instance. */
  cancelTimers(instance: string): void {
    this.statement('DELETE FROM timer WHERE instance = ?').run(instance);
  }

  /** Moves those due into the inboxes of their instances, which it returns; at most `most`. */
  fire(now: number, most: number): string[] {
    const due = this.statement('SELECT * FROM timer WHERE dueAt <= ? ORDER BY dueAt LIMIT ?').all(now, most);
    for (const row of due) {
      const [instance, execution] = [String(row['instance']), String(row['execution'])];
      this.cancelTimer(instance, execution, Number(row['task']));
      this.send(instance, JSON.parse(String(row['event'])) as HistoryEvent, execution);
    }
    return due.map((row) => String(row['instance']));
  }

  /** When the next timer is due; Infinity without one. */
  nextTimer(): number {
    const at = this.statement('SELECT min(dueAt) AS at FROM timer').get()?.['at'];
    return at === null || at === undefined ? Infinity : Number(at);
  }

  /** For queries in files of their own; prepared once. */
  statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#db.prepare(sql)));
    return statement;
  }
}

export function instanceOf(row: Record<string, unknown>): Instance {
  const { parent, ...rest } = row as unknown as Omit<Instance, 'parent'> & { readonly parent: string | null };
  return { ...rest, parent: parent === null ? undefined : (JSON.parse(parent) as ParentInstance) };
}
