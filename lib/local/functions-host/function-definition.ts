import type { AppSettings } from './app-settings.ts';
import type { Binding, FunctionMetadata, RetryOptions } from './rpc.ts';

export interface NamedBinding extends Binding {
  readonly name: string;
}

/** A registered function with its bindings sorted by what they are for; `%X%` in its options is resolved. */
export interface FunctionDefinition {
  readonly name: string;
  readonly trigger: NamedBinding;
  readonly inputs: readonly NamedBinding[];
  readonly outputs: readonly NamedBinding[];
  readonly retry: RetryOptions | undefined;
}

/** Errors: `binding_unresolved`, or an Error saying what is wrong with the registration. */
export function defineFunction(metadata: FunctionMetadata, settings: AppSettings): FunctionDefinition {
  const bindings = Object.entries(metadata.bindings).map(([name, binding]) => resolveOptions(name, binding, settings));
  const trigger = bindings.find(({ type }) => isTrigger(type));
  if (trigger === undefined) throw new Error('No trigger binding is declared.');
  return {
    name: metadata.name,
    trigger,
    inputs: bindings.filter((binding) => binding !== trigger && binding.direction !== 'out'),
    outputs: bindings.filter(({ direction }) => direction === 'out'),
    retry: metadata.retryOptions,
  };
}

function isTrigger(type: string): boolean {
  return /trigger$/i.test(type);
}

function resolveOptions(name: string, binding: Binding, settings: AppSettings): NamedBinding {
  const options = Object.entries(binding).map(([key, value]) => [
    key,
    typeof value === 'string' && key !== 'connection' ? settings.resolve(value) : value,
  ]);
  return { ...(Object.fromEntries(options) as Binding), name };
}

/** A text option of a binding. Errors: an Error naming the option where it is absent. */
export function textOption(binding: NamedBinding, key: string): string {
  const value = binding[key];
  if (typeof value !== 'string' || value === '') throw new Error(`The '${key}' of its ${binding.type} is missing.`);
  return value;
}
