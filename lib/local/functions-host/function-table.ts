import { messageOf } from '../../base/errors.ts';
import { durableExtension } from '../durable/extension.ts';
import { eventGridExtension } from './event-grid/webhook.ts';
import type { Extension, ExtensionFactory, HostContext, Listener } from './extension.ts';
import { type FunctionDefinition, type NamedBinding, defineFunction } from './function-definition.ts';
import type { FunctionSummary } from './http/admin.ts';
import { type Route, compileRoute } from './http/routes.ts';
import type { FunctionMetadata, InvocationResponse, NamedData } from './rpc.ts';
import { serviceBusExtension } from './service-bus/extension.ts';
import { timerExtension } from './timer/extension.ts';

const builtIn: readonly ExtensionFactory[] = [
  timerExtension,
  serviceBusExtension,
  eventGridExtension,
  durableExtension,
];

/** The app's functions, their routes and listeners, and the extensions that serve them. */
export class FunctionTable {
  readonly extensions: readonly Extension[];
  definitions: readonly FunctionDefinition[] = [];
  routes: readonly Route[] = [];
  summaries: readonly FunctionSummary[] = [];
  readonly #host: HostContext;
  readonly #listeners: Listener[] = [];
  #stopping: Promise<unknown> | undefined;

  constructor(host: HostContext, more: readonly ExtensionFactory[]) {
    this.#host = host;
    this.extensions = [...builtIn, ...more].map((create) => create(host));
  }

  /** Takes what the app registered. What is wrong with one function puts that one in error; the others go on. */
  index(functions: readonly FunctionMetadata[]): void {
    const definitions: FunctionDefinition[] = [];
    const routes: Route[] = [];
    // By name: the order in which routes that overlap are tried.
    const sorted = [...functions].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.summaries = sorted.map((metadata) => {
      const summary = { name: metadata.name, trigger: triggerType(metadata), disabled: false, error: undefined };
      if (this.#host.settings.isDisabled(metadata.name)) return { ...summary, disabled: true };
      try {
        const definition = defineFunction(metadata, this.#host.settings);
        if (definition.trigger.type.toLowerCase() === 'httptrigger')
          routes.push(compileRoute(definition, this.#host.hostSettings.routePrefix));
        else this.#listeners.push(this.#extensionOf(definition.trigger).listen(definition));
        definitions.push(definition);
        return summary;
      } catch (error) {
        const text = messageOf(error);
        this.#host.log.write('Host', 'error', `The '${metadata.name}' function is in error: ${text}`);
        return { ...summary, error: text };
      }
    });
    this.definitions = definitions;
    this.routes = routes;
  }

  async startListeners(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.start()));
  }

  /** Each waits for what it is running. A second call waits for the same. */
  async stopListeners(): Promise<void> {
    this.#stopping ??= Promise.all(this.#listeners.map((listener) => listener.stop()));
    await this.#stopping;
  }

  async stop(): Promise<void> {
    for (const extension of this.extensions) await extension.stop?.();
  }

  async inputs(definition: FunctionDefinition): Promise<readonly NamedData[]> {
    if (definition.inputs.length === 0) return [];
    return Promise.all(
      definition.inputs.map(async (binding) => {
        const { input } = this.#serving(binding);
        if (input === undefined) throw new Error(`The binding type '${binding.type}' gives no input.`);
        return { name: binding.name, data: await input(binding, definition) };
      }),
    );
  }

  async outputs(definition: FunctionDefinition, response: InvocationResponse): Promise<void> {
    for (const binding of definition.outputs) {
      const data =
        binding.name === '$return'
          ? response.returnValue
          : response.outputData.find(({ name }) => name === binding.name)?.data;
      if (data === undefined || data === null || binding.type.toLowerCase() === 'http') continue;
      const { output } = this.#serving(binding);
      if (output === undefined) throw new Error(`The binding type '${binding.type}' takes no output.`);
      await output(binding, data);
    }
  }

  #serving(binding: NamedBinding): Extension {
    const type = binding.type.toLowerCase();
    const found = this.extensions.find(({ bindings }) => bindings?.includes(type) === true);
    if (found === undefined) throw new Error(`The binding type '${binding.type}' is not registered.`);
    return found;
  }

  #extensionOf(trigger: NamedBinding): Extension {
    const type = trigger.type.toLowerCase();
    const found = this.extensions.find(({ triggers }) => triggers.includes(type));
    if (found === undefined) throw new Error(`The binding type '${trigger.type}' is not registered.`);
    return found;
  }
}

function triggerType(metadata: FunctionMetadata): string {
  return Object.values(metadata.bindings).find(({ type }) => /trigger$/i.test(type))?.type ?? '';
}
