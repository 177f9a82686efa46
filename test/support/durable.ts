import { afterAll, beforeAll } from '@jest/globals';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { must } from '../../lib/base/errors.ts';
import {
  type FunctionsHost,
  type FunctionsHostOptions,
  startFunctionsHost,
} from '../../lib/local/functions-host/host.ts';
import { keys } from './apps/start.ts';

/** What a test's orchestrator sees of the library; loose, since its source travels to the app as text. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Df = any;
type Orchestrator = (df: Df, arg: Df) => Generator<Df, unknown, Df>;

export interface StatusBody {
  readonly name: string;
  readonly instanceId: string;
  readonly runtimeStatus: string;
  readonly input: unknown;
  readonly customStatus: unknown;
  readonly output: unknown;
  readonly createdTime: string;
  readonly lastUpdatedTime: string;
  readonly historyEvents?: readonly Readonly<Record<string, unknown>>[];
}

const app = { dir: join(import.meta.dirname, 'apps/durable'), entries: ['functions.ts'] };
const ended = ['Completed', 'Failed', 'Terminated'];

export function startDurableHost(options: Partial<FunctionsHostOptions> = {}): Promise<FunctionsHost> {
  return startFunctionsHost({ app, hostJson: { version: '2.0' }, keys, settings: {}, ...options });
}

/** The hub of the app for durable functions, as its clients see it. */
export class DurableApp {
  readonly host: Pick<FunctionsHost, 'url'>;

  constructor(host: Pick<FunctionsHost, 'url'>) {
    this.host = host;
  }

  /** A method of the library's client, called within a function. Errors are the library's. */
  async client(method: string, ...args: readonly unknown[]): Promise<unknown> {
    const response = await fetch(`${this.host.url}/api/client/${method}`, {
      method: 'POST',
      body: JSON.stringify(args),
    });
    const { value, error } = (await response.json()) as { value?: unknown; error?: string };
    if (error !== undefined) throw new Error(error);
    return value;
  }

  /** A request of the HTTP API, with the key. */
  http(method: string, path: string, init: Omit<RequestInit, 'method'> = {}): Promise<Response> {
    const mark = path.includes('?') ? '&' : '?';
    const url = `${this.host.url}/runtime/webhooks/durabletask/${path}${mark}code=${keys.system}`;
    return fetch(url, { method, ...init });
  }

  /** Starts an orchestrator given as source; `options` are those of the library. */
  async start(run: Orchestrator, arg?: unknown, options: { instanceId?: string } = {}): Promise<string> {
    return (await this.client('startNew', 'js', { ...options, input: script(run, arg) })) as string;
  }

  async status(id: string, query = ''): Promise<StatusBody> {
    const status = await this.#known(id, query);
    if (status === undefined) throw new Error(`${id} is not known`);
    return status;
  }

  /** The status once it fits; the test's own time limit is the bound. An entity is known once its first message is through. */
  async until(id: string, fits: (status: StatusBody) => boolean, query = ''): Promise<StatusBody> {
    for (;;) {
      const status = await this.#known(id, query);
      if (status !== undefined && fits(status)) return status;
      if (status !== undefined && ended.includes(status.runtimeStatus))
        throw new Error(`${id} has ended: ${JSON.stringify(status)}`);
      await sleep(5);
    }
  }

  async #known(id: string, query: string): Promise<StatusBody | undefined> {
    const response = await this.http('GET', `instances/${encodeURIComponent(id)}${query}`);
    return response.status === 404 ? undefined : ((await response.json()) as StatusBody);
  }

  end(id: string, query = ''): Promise<StatusBody> {
    return this.until(id, ({ runtimeStatus }) => ended.includes(runtimeStatus), query);
  }

  /** Runs an orchestrator to its end. */
  async run(run: Orchestrator, arg?: unknown): Promise<StatusBody> {
    return this.end(await this.start(run, arg));
  }

  /** What an orchestrator returns; fails where it fails. */
  async result(run: Orchestrator, arg?: unknown): Promise<unknown> {
    const { runtimeStatus, output } = await this.run(run, arg);
    if (runtimeStatus !== 'Completed') throw new Error(`${runtimeStatus}: ${JSON.stringify(output)}`);
    return output;
  }
}

/** Waits for the event `go`, and returns what that brings. */
export const waiting = function* (df: Df): Generator<Df, unknown, Df> {
  return yield df.waitForExternalEvent('go');
};

/** The app under one host for all tests of a file. */
export function sharedApp(): DurableApp {
  let host: FunctionsHost | undefined;
  beforeAll(async () => {
    host = await startDurableHost();
  });
  afterAll(() => host?.stop());
  return new DurableApp({
    get url() {
      return must(host, 'it is started before all tests').url;
    },
  });
}

let count = 0;

/** An instance that is Running for everybody to see. */
export async function runningOne(app: DurableApp, instanceId = `m${++count}`): Promise<string> {
  await app.start(waiting, undefined, { instanceId });
  await app.until(instanceId, ({ runtimeStatus }) => runtimeStatus === 'Running');
  return instanceId;
}

export async function completedOne(app: DurableApp): Promise<string> {
  // oxlint-disable-next-line require-yield
  const { instanceId } = await app.run(function* () {
    return 1;
  });
  return instanceId;
}

export async function failedOne(app: DurableApp): Promise<string> {
  // oxlint-disable-next-line require-yield
  const { instanceId } = await app.run(function* () {
    throw new Error('xx');
  });
  return instanceId;
}

/** Status and body of an answer: JSON, or '' for none. */
export async function seen(response: Response): Promise<unknown[]> {
  const text = await response.text();
  return [response.status, text === '' ? '' : JSON.parse(text)];
}

/** What the HTTP API reads of an entity; its answer's status where there is nothing to read. */
export async function entityState(app: DurableApp, id: string): Promise<unknown> {
  const [, name, key] = id.split('@');
  const response = await app.http('GET', `entities/${name}/${key}`);
  return response.status === 200 ? response.json() : response.status;
}

/** Until the entity's state is that. */
export async function untilEntity(app: DurableApp, id: string, wanted: unknown): Promise<void> {
  while (JSON.stringify(await entityState(app, id)) !== JSON.stringify(wanted)) await new Promise(setImmediate);
}

/** Input of the orchestrators `js` and `sub`, and of the activity `run`. */
export function script(run: (...args: Df[]) => unknown, arg?: unknown): { code: string; arg?: unknown } {
  return { code: run.toString(), arg };
}
