// What an answer of Azure Files says, in the words of lib/cloud/ports.ts.
import { messageOf, TidewayError } from '../base/errors.ts';
import { ShareBusy, ShareRefusal, type ShareFault } from '../cloud/ports.ts';
import { isBusy } from './rest/busy.ts';
import type { FilesAnswer, FilesRest } from './rest/files.ts';

/** A call that nothing answers throws `ShareBusy`. */
export function answering(rest: FilesRest): FilesRest {
  const call: FilesRest['call'] = (...args) =>
    rest.call(...args).catch((error: unknown) => {
      throw new ShareBusy(messageOf(error), { cause: error });
    });
  return { ...rest, call };
}

/**
 * The answer, if the call went well. Throws `ShareRefusal` for what is about the path, by its code in `faults`, `ShareBusy`
 * for what is about the service, `share_call_failed` otherwise.
 */
export function refused(answer: FilesAnswer, path: string, faults: Readonly<Record<string, ShareFault>>): FilesAnswer {
  if (answer.status < 400) return answer;
  const { status, code } = answer;
  const fault = faults[code];
  if (fault !== undefined) throw new ShareRefusal(fault, code, `${path}: ${code}`);
  if (isBusy(status)) throw new ShareBusy(`${status} ${code}`);
  throw new TidewayError('share_call_failed', `${status} ${code}`, { path });
}
