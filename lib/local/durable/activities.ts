// One activity, top to bottom: mark it as begun, run it, and in one transaction take it out of the queue and tell its
// instance. A kill before that transaction leaves it in the queue: it runs again, at least once in all.
import { messageOf } from '../../base/errors.ts';
import type { Fault } from '../faults.ts';
import type { InvocationResponse, TypedData } from '../functions-host/rpc.ts';
import { FunctionError } from '../functions-host/worker-process.ts';
import { withPayload } from '../functions-host/payload-metadata.ts';
import { type HistoryEvent, taskCompleted, taskFailed } from './history.ts';
import type { Hub } from './hub.ts';
import { callHttp } from './http-activity.ts';
import { httpActivity } from './scheduled.ts';
import type { Activity } from './store.ts';
import { activityFailed } from './texts.ts';
import { utc } from './time.ts';

export async function runActivity(seq: number, hub: Hub): Promise<void> {
  const { store, host } = hub;
  const activity = store.activity(seq);
  if (activity === undefined) return;
  // Nobody waits for the disk here: a mark that a kill takes along means only that it runs again at once.
  const startedAt = host.clock.now();
  store.commit(() => store.markActivity(seq, startedAt)).catch(() => {}); // whoever writes its end is told of the disk
  const fault = host.faults?.take(`ACTIVITY ${activity.name}`);
  if (fault?.kind === 'delay') await host.clock.sleep(fault.ms);
  const event = await (isLost(fault, 'before') ? lost(activity, hub) : outcome(activity, hub));
  if (isLost(fault, 'after')) {
    hub.again(seq, startedAt);
    return;
  }
  if (event === undefined) {
    await store.commit(() => store.markActivity(seq, null));
    return;
  }
  // The disk holds up nobody else: the next activity begins while this one's end is written.
  hub.settle(tell(activity, event, hub));
}

async function tell({ seq, instance, execution }: Activity, event: HistoryEvent, hub: Hub): Promise<void> {
  const { store, host } = hub;
  try {
    const isTold = await store.commit(() => {
      if (!store.endActivity(seq)) return false;
      store.send(instance, event, execution);
      return true;
    });
    if (isTold) hub.news(instance);
  } catch (error) {
    // Its end could not be written: it is as if it had been cut off, and runs again.
    hub.again(seq, host.clock.now());
    throw error;
  }
}

/** A fault: the process ended before the activity did anything, or the host before it could note its end. */
function isLost(fault: Fault | undefined, when: 'before' | 'after'): boolean {
  return fault !== undefined && fault.kind !== 'delay' && fault.when === when;
}

function lost({ task, name }: Activity, { host }: Hub): Promise<HistoryEvent> {
  const exception = { message: 'node exited with code 1', stackTrace: '', source: 'node' };
  return Promise.resolve(taskFailed(6, task, activityFailed(name, exception), utc(host.clock.now())));
}

/** Undefined where the host's own end cut it off. */
async function outcome(activity: Activity, hub: Hub): Promise<HistoryEvent | undefined> {
  const { task, name, input } = activity;
  const at = (): string => utc(hub.host.clock.now());
  if (name === httpActivity) {
    const result = await callHttp(input ?? '', hub.cookies, hub.stopping);
    if (result === undefined) return undefined;
    return 'result' in result ? taskCompleted(5, task, result.result, at()) : taskFailed(6, task, result.failure, at());
  }
  const definition = hub.functions.find('activity', name);
  const given = input === null ? undefined : wire(JSON.parse(input));
  try {
    // Of a version of the app that is gone: its caller gets to know, as it would of any failure.
    if (definition === undefined) throw new Error(hub.functions.unknown('activity', name));
    const response = await hub.host.invoke(definition, {
      input: given === undefined ? {} : { string: given },
      metadata: metadataOf(activity, definition.trigger.name, given),
      reason: '(null)',
    });
    return taskCompleted(5, task, resultOf(response), at());
  } catch (error) {
    if (hub.stopping.aborted) return undefined;
    const exception =
      error instanceof FunctionError ? error.exception : { message: messageOf(error), stackTrace: '', source: 'host' };
    return taskFailed(6, task, activityFailed(name, exception), at());
  }
}

/** .NET's text of a JSON value: a string is itself (the library has put it in quotes before), and so is a boolean's name. */
function wire(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value);
}

function metadataOf(activity: Activity, binding: string, given: string | undefined): Record<string, TypedData> {
  const own = { instanceId: { string: activity.instance } };
  if (given === undefined) return own;
  return withPayload({ ...own, [binding]: { string: given }, data: { json: dataOf(activity.input ?? 'null') } }, given);
}

/** A text of the app is JSON within JSON here; a date is not. */
function dataOf(input: string): string {
  const value = JSON.parse(input) as unknown;
  return typeof value === 'string' && value.startsWith('"') ? value : input;
}

const int64 = { least: -(2n ** 63n), most: 2n ** 63n - 1n };

/** JSON text of what a function returned, as .NET reads and writes it again; null for nothing. */
function resultOf(response: InvocationResponse): string | null {
  const value = response.returnValue;
  if (value === undefined || value === null) return null;
  if (value.string !== undefined) return JSON.stringify(value.string);
  if (value.json !== undefined) return value.json;
  if (value.bytes !== undefined) return JSON.stringify(Buffer.from(value.bytes).toString('base64'));
  if (value.int !== undefined) return clamp(BigInt(value.int)).toString();
  if (value.double !== undefined)
    return Number.isFinite(value.double) ? JSON.stringify(value.double) : JSON.stringify(String(value.double));
  return null;
}

function clamp(value: bigint): bigint {
  if (value < int64.least) return int64.least;
  return value > int64.most ? int64.most : value;
}
