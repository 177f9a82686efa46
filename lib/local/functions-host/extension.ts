// What a kind of trigger or binding brings to the host. The host knows functions, invocations and HTTP; everything else
// (timers, Service Bus, Event Grid, Durable) is an extension.
import type { Clock } from '../../base/clock.ts';
import type { Faults } from '../faults.ts';
import type { AppSettings } from './app-settings.ts';
import type { FunctionDefinition, NamedBinding } from './function-definition.ts';
import type { HostLog } from './host-log.ts';
import type { HostSettings } from './host-json.ts';
import type { HttpAnswer, HttpRequest } from './http/message.ts';
import type { InvocationResponse, TypedData } from './rpc.ts';
import type { HostWaits } from './waits.ts';

export interface Invocation {
  /** `{}`, which holds nothing: the function is called without its trigger's argument. */
  readonly input: TypedData;
  readonly metadata: Readonly<Record<string, TypedData>>;
  /** For the log line: `Timer fired at ...`. */
  readonly reason: string;
}

/** What an extension may ask of the host. */
export interface HostContext {
  readonly clock: Clock;
  readonly settings: AppSettings;
  readonly hostSettings: HostSettings;
  readonly log: HostLog;
  /** Where this host listens, without a slash at the end. */
  readonly url: string;
  /** The key for webhooks of extensions: part of the links that they give out. */
  readonly systemKey: string;
  /** Directory for state, or undefined: then state lives in memory. */
  readonly data: string | undefined;
  /** How long what is to be waited for. */
  readonly waits: HostWaits;
  /** Switches of a host that was started for tests. */
  readonly faults: Faults | undefined;
  /** All functions that are neither disabled nor in error. */
  functions(): readonly FunctionDefinition[];
  /** Runs a function with its retry policy and its outputs. Rejects with a FunctionError when it failed for good. */
  invoke(definition: FunctionDefinition, invocation: Invocation): Promise<InvocationResponse>;
}

/** Runs one function's trigger. */
export interface Listener {
  start(): Promise<void>;
  /** Takes nothing new and waits for what it is running. */
  stop(): Promise<void>;
}

export interface Extension {
  readonly name: string;
  /** In lower case, for example `timertrigger`. */
  readonly triggers: readonly string[];
  /** Errors put that one function in error; the others go on. */
  listen: (definition: FunctionDefinition) => Listener;
  /** In lower case: input or output bindings that this extension serves. */
  readonly bindings?: readonly string[] | undefined;
  input?: ((binding: NamedBinding, definition: FunctionDefinition) => Promise<TypedData>) | undefined;
  output?: ((binding: NamedBinding, data: TypedData) => Promise<void>) | undefined;
  /** Serves `/runtime/webhooks/<name>/...`; the host has checked the key unless `keyless` says to let it pass. */
  webhook?: ((request: HttpRequest) => Promise<HttpAnswer>) | undefined;
  keyless?: ((request: HttpRequest) => boolean) | undefined;
  stop?: (() => Promise<void>) | undefined;
}

export type ExtensionFactory = (host: HostContext) => Extension;
