// A task hub without a Functions host: orchestrators and entities of the library run here, in the test's own process, so
// that a test can look at, stop and copy the hub between any two of its steps.
import { createRequire } from 'node:module';
import type { Clock } from '../../../lib/base/clock.ts';
import { silent } from '../../../lib/base/log.ts';
import { Durable } from '../../../lib/local/durable/durable.ts';
import { DurableFunctions } from '../../../lib/local/durable/functions.ts';
import type { Faults } from '../../../lib/local/faults.ts';
import type { Invocation } from '../../../lib/local/functions-host/extension.ts';
import type { FunctionDefinition } from '../../../lib/local/functions-host/function-definition.ts';
import { HostLog } from '../../../lib/local/functions-host/host-log.ts';
import { parseHostJson } from '../../../lib/local/functions-host/host-json.ts';
import type { InvocationResponse } from '../../../lib/local/functions-host/rpc.ts';
import { hubWaits } from '../../../lib/local/functions-host/waits.ts';
import { FunctionError } from '../../../lib/local/functions-host/worker-process.ts';
import type { Df } from '../../support/durable.ts';

type Handler = (trigger: unknown, context: Record<string, unknown>) => Promise<unknown>;
const load = createRequire(import.meta.url);
const { Orchestrator } = load('durable-functions/lib/src/orchestrations/Orchestrator') as {
  Orchestrator: new (run: unknown) => { handle: Handler };
};
const { Entity } = load('durable-functions/lib/src/entities/Entity') as {
  Entity: new (run: unknown) => { handle: Handler };
};

/** As the library takes the id of an entity. */
export const { EntityId } = load('durable-functions/lib/src/entities/EntityId') as {
  EntityId: new (name: string, key: string) => { readonly name: string; readonly key: string };
};

export interface App {
  readonly orchestrators: Readonly<Record<string, (context: { readonly df: Df }) => Generator<Df, unknown, Df>>>;
  readonly activities?: Readonly<Record<string, (input: Df) => unknown>>;
  readonly entities?: Readonly<Record<string, (context: { readonly df: Df }) => unknown>>;
}

export interface HubOptions {
  readonly file: string;
  readonly app: App;
  readonly clock: Clock;
  readonly hostJson?: object;
  readonly faults?: Faults;
  /** As short as can be unless told. */
  readonly rerunMs?: number;
}

export function openHub({ file, app, clock, hostJson = {}, faults, rerunMs = 0 }: HubOptions): Durable {
  const functions = new DurableFunctions();
  const handlers = new Map<string, Handler>();
  const add = (type: string, name: string, handler: Handler): void => {
    functions.add({ name, trigger: { type, name: 'trigger' }, inputs: [], outputs: [], retry: undefined });
    handlers.set(name, handler);
  };
  for (const [name, run] of Object.entries(app.orchestrators))
    // One object a call: the library keeps what it replays in it.
    add('orchestrationTrigger', name, (trigger, context) => new Orchestrator(run).handle(trigger, context));
  for (const [name, run] of Object.entries(app.entities ?? {}))
    add('entityTrigger', name, (trigger, context) => new Entity(run).handle(trigger, context));
  for (const [name, run] of Object.entries(app.activities ?? {}))
    add('activityTrigger', name, (input) => Promise.resolve().then(() => run(input)));
  return new Durable({
    file,
    functions,
    host: {
      clock,
      faults,
      log: new HostLog(silent),
      waits: { ...hubWaits, rerunMs },
      hostSettings: parseHostJson({ version: '2.0', extensions: { durableTask: hostJson } }, 2),
      invoke: (definition, invocation) => invoke(handlers, definition, invocation),
    },
  });
}

async function invoke(
  handlers: ReadonlyMap<string, Handler>,
  { name }: FunctionDefinition,
  { input }: Invocation,
): Promise<InvocationResponse> {
  const handler = handlers.get(name);
  if (handler === undefined) throw new Error(`broken test: no ${name}`);
  try {
    const given = input.string === undefined ? undefined : parsed(input.string);
    const value = await handler(given, {});
    return { returnValue: { json: JSON.stringify(value ?? null) }, outputData: [] };
  } catch (error) {
    const { message, stack = '' } = error as Error;
    throw new FunctionError({ message, stackTrace: stack, source: '' });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
