import { randomUUID } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { Faults } from '../faults.ts';
import type { InvocationTarget } from './invoker.ts';
import type { InvocationRequest, InvocationResponse } from './rpc.ts';
import { FunctionError } from './worker-process.ts';

/** Invocations with the faults of lines `INVOKE <function>`. After the act means: the function ran, and nobody knows. */
export function spoiled(target: InvocationTarget, faults: Faults, clock: Clock): InvocationTarget {
  const invoke = async (request: InvocationRequest): Promise<InvocationResponse> => {
    const line = `INVOKE ${request.functionId}`;
    const fault = faults.take(line);
    if (fault?.kind === 'delay') await clock.sleep(fault.ms);
    const fail = (): never => {
      if (fault?.kind === 'drop') fault.struck?.();
      throw new FunctionError({ message: 'A fault planted by a test.', stackTrace: '', source: 'host' });
    };
    const when = fault === undefined || fault.kind === 'delay' ? undefined : fault.when;
    if (when === 'before') return fail();
    const [response] = await Promise.all(faults.isTwice(line) ? [run(request), again(request)] : [run(request)]);
    return when === 'after' ? fail() : response;
  };
  const run = (request: InvocationRequest): Promise<InvocationResponse> => target.invoke(request);
  /** The same work beside itself, as when two instances hold one message: its outcome is nobody's, its end is waited for. */
  const again = (request: InvocationRequest): Promise<unknown> =>
    run({ ...request, invocationId: randomUUID() }).catch(() => undefined);
  return { invoke, kill: (invocationId) => target.kill(invocationId) };
}
