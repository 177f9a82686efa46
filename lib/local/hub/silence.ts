// Since when the backend has not heard of whom.
import type { Log } from '../../base/log.ts';
import { endpointsAnswer } from '../../protocol/report.ts';

const timeoutMs = 5_000;

/** By server; none while the functions do not answer, which the status of the backups tells. */
export async function silentServers(
  functionsUrl: string,
  group: string,
  token: string,
  log: Log,
): Promise<ReadonlyMap<string, string>> {
  try {
    const response = await fetch(`${functionsUrl}/api/groups/${group}/endpoints`, {
      headers: { 'x-tideway-token': token },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { endpoints } = endpointsAnswer.parse(await response.json());
    return new Map(
      endpoints.flatMap(({ server, silentSince }) => (silentSince === null ? [] : [[server, silentSince] as const])),
    );
  } catch (error) {
    log.warn('silence_unknown', { error });
    return new Map();
  }
}
