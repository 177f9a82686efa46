// The virtual module `@azure/functions-core`: Microsoft's worker supplies it, and the library `@azure/functions` asks
// for it on its first registration. Shape: types-core/index.d.ts of the Node.js worker. The exports below are that API.
import type { FunctionMetadata, LogLevel } from '../rpc.ts';
import * as channel from './channel.ts';
import { SystemError, SystemRangeError } from './errors.ts';
import {
  type FunctionCallback,
  type HookCallback,
  type ProgrammingModel,
  app,
  functions,
  hookNames,
  hooks,
} from './registry.ts';

/** The worker and the host whose behaviour this one follows; libraries look at them before they use newer features. */
export const version = '3.9.1';
export const hostVersion = '4.1037.0';

export class Disposable {
  static from(...disposables: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const disposable of disposables) disposable.dispose();
    });
  }

  #dispose: (() => unknown) | undefined;

  constructor(dispose: () => unknown) {
    this.#dispose = dispose;
  }

  dispose(): void {
    const dispose = this.#dispose;
    this.#dispose = undefined;
    dispose?.();
  }
}

export function registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
  if (app.started) throw new SystemError('A function can only be registered during app startup.');
  // In Microsoft's worker bindings travel as JSON; what JSON drops (functions, undefined) must not reach the host here either.
  functions.set(metadata.name, { metadata: JSON.parse(JSON.stringify(metadata)) as FunctionMetadata, callback });
  return new Disposable(() => {
    if (app.started) throw new SystemError('A function can only be disposed during app startup.');
    functions.delete(metadata.name);
  });
}

export function registerHook(hookName: string, callback: HookCallback): Disposable {
  const name = hookNames.find((candidate) => candidate === hookName);
  if (name === undefined) throw new SystemRangeError(`Unrecognized hook "${hookName}"`);
  hooks[name].push(callback);
  return new Disposable(() => {
    const at = hooks[name].indexOf(callback);
    if (at >= 0) hooks[name].splice(at, 1);
  });
}

export function setProgrammingModel(model: ProgrammingModel): void {
  if (app.started) throw new SystemError('The programming model can only be set during app startup.');
  app.model = model;
}

export function getProgrammingModel(): ProgrammingModel | undefined {
  return app.model;
}

export function log(level: LogLevel, category: 'user' | 'system', message: string): void {
  channel.log('Worker', { level, message, category });
}
