// Asks a running hub. It is found by its data directory.
import { TidewayError } from '../base/errors.ts';
import { readHubFile } from '../local/hub/hub-file.ts';
import { parseEnv, readEnv } from '../local/hub/env-file.ts';
import { refusalOf } from '../agent/remote/api.ts';

/** Errors: `hub_unknown`, `hub_down`, and what the hub answers. `timeoutMs` bounds the whole call. */
export async function askHub(data: string, method: string, path: string, timeoutMs: number): Promise<unknown> {
  const file = readHubFile(data);
  const token = parseEnv(readEnv(data))['TIDEWAY_TOKEN'] ?? '';
  const down = (cause?: unknown): TidewayError =>
    new TidewayError('hub_down', `no hub runs with ${data}`, {
      path: data,
      hint: 'Start it with `tideway up --data DIR`, or name the right directory with --data.',
      cause,
    });
  if (file === undefined || file.pid === 0) throw down();
  let response: Response;
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    response = await fetch(`${file.url}${path}`, { method, headers: { 'x-tideway-token': token }, signal });
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError')
      throw new TidewayError('hub_silent', `the hub did not answer within ${timeoutMs} ms`, {
        hint: 'See its log in DIR/logs.',
      });
    throw down(error);
  }
  const text = await response.text();
  if (!response.ok) throw refusalOf(response.status, text);
  return JSON.parse(text);
}
