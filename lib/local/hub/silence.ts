// Since when the backend has not heard of whom.
import type { Log } from '../../base/log.ts';
import { endpointsAnswer } from '../../protocol/report.ts';
import { readFunctions } from './functions-api.ts';

/** By server; none while the functions do not answer, which the status of the backups tells. */
export async function silentServers(
  functionsUrl: string,
  group: string,
  token: string,
  log: Log,
): Promise<ReadonlyMap<string, string>> {
  try {
    const answer = await readFunctions(`${functionsUrl}/api/groups/${group}/endpoints`, token);
    const { endpoints } = endpointsAnswer.parse(answer);
    return new Map(
      endpoints.flatMap(({ server, silentSince }) => (silentSince === null ? [] : [[server, silentSince] as const])),
    );
  } catch (error) {
    log.warn('silence_unknown', { error });
    return new Map();
  }
}
