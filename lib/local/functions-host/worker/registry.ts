// What the app has registered in this process. Module state on purpose: the app reaches it through a virtual module,
// of which there is one a process.
import type { FunctionMetadata, InvocationRequest, InvocationResponse, LogLevel } from '../rpc.ts';

export type FunctionCallback = (...inputs: unknown[]) => unknown;
export type HookCallback = (context: unknown) => unknown;

export const hookNames = ['preInvocation', 'postInvocation', 'appStart', 'appTerminate', 'log'] as const;
export type HookName = (typeof hookNames)[number];

export interface CoreContext {
  readonly invocationId: string;
  readonly request: InvocationRequest;
  readonly metadata: FunctionMetadata;
  state?: 'preInvocationHooks' | 'invocation' | 'postInvocationHooks' | undefined;
  log(level: LogLevel, category: 'user' | 'system', message: string): void;
}

/** How the library turns requests into calls and results into responses. */
export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<InvocationResponse>;
}

export interface ProgrammingModel {
  readonly name: string;
  readonly version: string;
  getInvocationModel(context: CoreContext): InvocationModel;
  getCapabilities?(capabilities: Record<string, string>): Promise<Record<string, string>>;
}

interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

export const functions = new Map<string, RegisteredFunction>();

/** Hooks run in the order in which they were registered. */
export const hooks: { readonly [name in HookName]: HookCallback[] } = {
  preInvocation: [],
  postInvocation: [],
  appStart: [],
  appTerminate: [],
  log: [],
};

/** Shared by all hooks of the app (`appHookData`) and by those of its start and end alone (`appLevelHookData`). */
export const appHookData: Record<string, unknown> = {};
export const appLevelHookData: Record<string, unknown> = {};

export const app: { model: ProgrammingModel | undefined; started: boolean } = { model: undefined, started: false };
