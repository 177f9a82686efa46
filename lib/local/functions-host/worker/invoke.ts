import type { InvocationRequest, InvocationResponse } from '../rpc.ts';
import { log } from './channel.ts';
import { SystemError, errorOf } from './errors.ts';
import { markRepeatedTask } from './repeated-task.ts';
import { type CoreContext, type FunctionCallback, app, appHookData, functions, hooks } from './registry.ts';

interface PreInvocation {
  inputs: unknown[];
  functionCallback: FunctionCallback;
}

interface PostInvocation {
  readonly inputs: unknown[];
  result: unknown;
  error: unknown;
}

/** Runs one invocation: arguments, hooks before, the function, hooks after, response. Rejects with whatever was thrown. */
export async function invoke(request: InvocationRequest): Promise<InvocationResponse> {
  const registered = functions.get(request.functionId);
  if (registered === undefined || app.model === undefined)
    throw new SystemError(`Function code for '${request.functionId}' is not loaded and cannot be invoked.`);

  let context: unknown;
  const core: CoreContext = {
    invocationId: request.invocationId,
    request,
    metadata: registered.metadata,
    log(level, category, message) {
      const of = category === 'user' ? `Function.${request.functionId}.User` : `Function.${request.functionId}`;
      log(of, { level, message, category }, request.invocationId, context);
    },
  };
  const model = app.model.getInvocationModel(core);
  const args = await model.getArguments();
  context = args.context;

  // One object a phase: what a hook assigns to it (inputs, handler, result, error) is what counts afterwards.
  const hookData = {};
  const shared = { hookData, appHookData, invocationContext: context };
  const before: PreInvocation = { ...shared, inputs: args.inputs, functionCallback: registered.callback };
  core.state = 'preInvocationHooks';
  for (const hook of hooks.preInvocation) await hook(before);

  const after: PostInvocation = { ...shared, inputs: before.inputs, result: null, error: null };
  core.state = 'invocation';
  try {
    after.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
  } catch (error) {
    after.error = error ?? new Error('Unknown error');
  }
  core.state = 'postInvocationHooks';
  for (const hook of hooks.postInvocation) await hook(after);
  core.state = undefined;

  if (after.error !== null && after.error !== undefined) throw errorOf(after.error);
  if (Object.values(registered.metadata.bindings).some(({ type }) => type === 'orchestrationTrigger'))
    markRepeatedTask(after.result);
  return model.getResponse(context, after.result);
}
