// What clients may ask of the instances of a hub. Each is one transaction: checked and done in it, so that what was true
// when it was checked is true when it is done.
import { type HistoryEvent, eventRaised, executionStarted, suspendedOrResumed, terminated } from './history.ts';
import { type Hub, shortGuid } from './hub.ts';
import { rewound } from './rewind.ts';
import { type Instance, type Status, hasEnded } from './store.ts';
import { utc } from './time.ts';

export interface StartOptions {
  readonly name: string;
  readonly id: string | undefined;
  readonly version: string | null;
  /** JSON text. */
  readonly input: string | null;
}

/** Why a call did nothing: the status of the instance, or that there is none. */
export type Refusal = { readonly refused: Status | 'none' };
type Done = { readonly refused: undefined };

export class DurableClient {
  readonly #hub: Hub;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** Refused where an instance of the id has not ended. */
  async start(options: StartOptions): Promise<Refusal | (Done & { readonly id: string })> {
    const { store, guid, host } = this.#hub;
    const id = options.id ?? shortGuid(this.#hub);
    const { name, version, input } = options;
    const answer = await store.commit((): Refusal | Done => {
      const running = store.instance(id);
      const mayReplace = host.hostSettings.durable.overridesRunning;
      if (running !== undefined && !hasEnded(running.status) && !mayReplace) return { refused: running.status };
      const now = host.clock.now();
      const instance = { InstanceId: id, ExecutionId: guid() };
      store.begin(executionStarted({ instance, name, version, input, generation: 0 }, utc(now)), now);
      return { refused: undefined };
    });
    if (answer.refused !== undefined) return answer;
    this.#hub.news(id);
    return { refused: undefined, id };
  }

  /** `input` is JSON text. */
  raise(id: string, name: string, input: string): Promise<Refusal | Done> {
    return this.#send(id, notEnded, (at) => eventRaised(name, input, at));
  }

  terminate(id: string, reason: string): Promise<Refusal | Done> {
    return this.#send(id, notEnded, (at) => terminated(reason, at));
  }

  suspend(id: string, reason: string | null): Promise<Refusal | Done> {
    const fits = (status: Status): boolean => status === 'Pending' || status === 'Running';
    return this.#send(id, fits, (at) => suspendedOrResumed(19, reason, at));
  }

  resume(id: string, reason: string | null): Promise<Refusal | Done> {
    return this.#send(
      id,
      (status) => status === 'Suspended',
      (at) => suspendedOrResumed(20, reason, at),
    );
  }

  /** Takes a failure back: what failed is tried again, in sub-orchestrations too. */
  async rewind(id: string, reason: string): Promise<Refusal | Done> {
    const { store, host } = this.#hub;
    const instances = await store.commit(() => {
      const instance = store.instance(id);
      if (instance?.status !== 'Failed') return undefined;
      return rewound(instance, reason, store, host.clock.now());
    });
    if (instances === undefined) return { refused: store.instance(id)?.status ?? 'none' };
    for (const one of instances) this.#hub.news(one);
    return { refused: undefined };
  }

  /** The same again: name, version and input of an instance in a new one, or in its own place once it has ended. */
  async restart(id: string, inNewOne: boolean): Promise<Refusal | (Done & { readonly id: string })> {
    const instance = this.#hub.store.instance(id);
    if (instance === undefined) return { refused: 'none' };
    const { name, version, input } = instance;
    return this.start({ name, version, input, id: inNewOne ? undefined : id });
  }

  /** Refused where it has not ended; an entity always may go. */
  async purge(id: string): Promise<Refusal | Done> {
    const { store } = this.#hub;
    return store.commit((): Refusal | Done => {
      const instance = store.instance(id);
      if (instance === undefined) return { refused: 'none' };
      if (!mayPurge(instance)) return { refused: instance.status };
      store.purge(id);
      return { refused: undefined };
    });
  }

  async #send(
    id: string,
    fits: (status: Status) => boolean,
    make: (at: string) => HistoryEvent,
  ): Promise<Refusal | Done> {
    const { store, host } = this.#hub;
    const answer = await store.commit((): Refusal | Done => {
      const instance = store.instance(id);
      if (instance === undefined) return { refused: 'none' };
      if (!fits(instance.status)) return { refused: instance.status };
      store.send(id, make(utc(host.clock.now())));
      return { refused: undefined };
    });
    if (answer.refused === undefined) this.#hub.news(id);
    return answer;
  }
}

function notEnded(status: Status): boolean {
  return !hasEnded(status);
}

/** An entity bears its id as its name. */
function mayPurge({ id, name, status }: Instance): boolean {
  return hasEnded(status) || id === name;
}
