// Numbers, as the library gives them: what a replay schedules for a list of actions beside a history, case by case.
import { describe, expect, test } from '@jest/globals';
import type { Action } from '../../../lib/local/durable/action.ts';
import {
  type HistoryEvent,
  eventRaised,
  executionStarted,
  orchestratorEdge,
  suspendedOrResumed,
  taskCompleted,
  taskFailed,
  taskScheduled,
  timerCreated,
  timerFired,
} from '../../../lib/local/durable/history.ts';
import { Replay } from '../../../lib/local/durable/replay.ts';
import { utc } from '../../../lib/local/durable/time.ts';

const day = 86_400_000;
const start = Date.UTC(2026, 0, 1);
const at = (ms: number): string => utc(start + ms);
const began = executionStarted(
  { instance: { InstanceId: 'i', ExecutionId: 'e' }, name: 'o', version: null, input: null, generation: 0 },
  at(0),
);
const turn = (ms: number): HistoryEvent => orchestratorEdge(12, at(ms));
const failure = { reason: 'no', details: '', failure: null };

function replay(actions: readonly Action[], events: readonly HistoryEvent[]): Replay {
  const one = new Replay({ actions, defaultVersion: null, httpPollMs: 30_000, check: () => {} });
  for (const event of [turn(0), began, ...events]) one.feed(event);
  return one;
}

/** Number and kind of what is new; of timers when they fire, in days from the start. */
function fresh(one: Replay): string[] {
  return [...one.ledger.fresh].map(([id, { kind, ...rest }]) =>
    'fireAt' in rest ? `${id} timer ${(Date.parse(rest.fireAt) - start) / day}` : `${id} ${kind}`,
  );
}

const act = (functionName = 'a'): Action => ({ actionType: 0, functionName });
const timer = (ms: number, isCanceled = false): Action => ({ actionType: 5, fireAt: at(ms), isCanceled });
const wait = (externalEventName: string): Action => ({ actionType: 6, externalEventName });
const any = (...compoundActions: Action[]): Action => ({ actionType: 11, compoundActions });
const all = (...compoundActions: Action[]): Action => ({ actionType: 12, compoundActions });
const retried = (maxNumberOfAttempts: number): Action => ({
  actionType: 1,
  functionName: 'a',
  retryOptions: { firstRetryIntervalInMilliseconds: day, maxNumberOfAttempts },
});
const scheduled = (id: number): HistoryEvent => taskScheduled(id, 'a', at(0));
const done = (id: number): HistoryEvent => taskCompleted(5, id, 'null', at(1));
const failed = (id: number): HistoryEvent => taskFailed(6, id, failure, at(1));
const made = (id: number, ms: number): HistoryEvent => timerCreated(id, at(ms), at(0));
const fired = (id: number, ms: number): HistoryEvent => timerFired(id, at(ms), at(0));

describe('a timer of more than six days', () => {
  test('is a chain of three days each, and the rest', () => {
    expect(fresh(replay([timer(8 * day)], []))).toEqual(['0 timer 3']);
    const first = [made(0, 3 * day), turn(3 * day), fired(0, 3 * day)];
    expect(fresh(replay([timer(8 * day)], first))).toEqual(['1 timer 8']);
    const last = [...first, made(1, 8 * day), turn(8 * day), fired(1, 8 * day)];
    expect(replay([timer(8 * day)], last)).toMatchObject({ finished: true });
  });

  test('has one more link where the last fired early', () => {
    const early = [
      made(0, 3 * day),
      turn(3 * day),
      fired(0, 3 * day),
      made(1, 8 * day),
      turn(8 * day - 900),
      fired(1, 8 * day),
    ];
    const one = replay([timer(8 * day)], early);
    expect([fresh(one), one.finished]).toEqual([['2 timer 8'], false]);
  });

  test('keeps the numbers of its links when it is cancelled', () => {
    const events = [
      made(0, 3 * day),
      turn(3 * day),
      fired(0, 3 * day),
      made(1, 8 * day),
      turn(4 * day),
      eventRaised('e', '1', at(0)),
    ];
    const one = replay([any(timer(8 * day, true), wait('e')), act()], events);
    expect([fresh(one), [...one.cancelled]]).toEqual([['2 activity'], [0, 1]]);
  });

  test('of six days or less is one, also where it fires early', () => {
    expect(fresh(replay([timer(6 * day)], []))).toEqual(['0 timer 6']);
    expect(replay([timer(day)], [made(0, day), turn(day - 900), fired(0, day)]).finished).toBe(true);
  });
});

describe('retries', () => {
  test('take their numbers when the failure is read, in its order', () => {
    const events = [scheduled(0), scheduled(1), turn(1), failed(1), failed(0)];
    expect(fresh(replay([all(retried(2), retried(2))], events))).toEqual([
      `2 timer ${1 + 1 / day}`,
      `3 timer ${1 + 1 / day}`,
    ]);
  });

  test('go on in the background of a race that is over', () => {
    const events = [scheduled(0), scheduled(1), turn(1), done(1), failed(0)];
    const one = replay([any(retried(2), act()), act()], events);
    // The next activity was scheduled before the failure was read.
    expect(fresh(one)).toEqual(['2 activity', `3 timer ${1 + 1 / day}`]);
    expect(one.ledger.holds).toBe(true);
  });

  test('end after the timer that follows the last failure', () => {
    const events = [scheduled(0), turn(1), failed(0), made(1, day + 1), turn(day + 1)];
    expect(replay([retried(1)], events).finished).toBe(false);
    expect(replay([retried(1)], [...events, fired(1, day + 1)]).finished).toBe(true);
  });
});

describe('a suspended replay', () => {
  const events = [scheduled(0), turn(1), suspendedOrResumed(19, 'x', at(1)), turn(2), done(0)];

  test('hears nothing until it is resumed', () => {
    const one = replay([act(), act()], events);
    expect([fresh(one), one.isSuspended]).toEqual([[], true]);
  });

  test('then hears all of it, in order', () => {
    const one = replay([act(), act()], [...events, turn(3), suspendedOrResumed(20, 'x', at(3))]);
    expect([fresh(one), one.isSuspended]).toEqual([['1 activity'], false]);
  });
});

describe('events', () => {
  test('that nobody waits for are kept for who comes', () => {
    const raised = [turn(1), eventRaised('e', '1', at(1))];
    expect(replay([timer(day), wait('e')], raised).finished).toBe(false);
    expect(replay([timer(day), wait('e')], [...raised, made(0, day), turn(day), fired(0, day)]).finished).toBe(true);
  });

  test('end one wait each', () => {
    const one = replay([all(wait('e'), wait('e'))], [turn(1), eventRaised('e', '1', at(1))]);
    expect([one.finished, one.ledger.awaits, one.ledger.holds]).toEqual([false, true, false]);
  });
});

test('what the history says of numbers that are open no more is passed over', () => {
  const one = replay([act()], [scheduled(0), turn(1), done(0), done(0), failed(7), fired(9, day)]);
  expect([one.finished, fresh(one)]).toEqual([true, []]);
});
