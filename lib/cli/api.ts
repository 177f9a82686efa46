// Asks the backend's own API, with the hub's token.
import { TidewayError } from '../base/errors.ts';
import { refusalOf } from '../agent/remote/api.ts';
import { parseEnv, readEnv } from '../local/hub/env-file.ts';

const timeoutMs = 60_000;

/** `path` is below /api. Errors: `hub_down`, and what the backend refuses. */
export async function askApi(data: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const env = parseEnv(readEnv(data));
  const headers = { 'x-tideway-token': env['TIDEWAY_TOKEN'] ?? '', 'content-type': 'application/json' };
  let response: Response;
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    response = await fetch(`${env['TIDEWAY_API']}/api/${path}`, { method, headers, ...content, signal });
  } catch (cause) {
    throw new TidewayError('hub_down', `the backend of ${data} does not answer`, {
      path: data,
      hint: 'Start it with `tideway up --data DIR`, or name the right directory with --data.',
      cause,
    });
  }
  const text = await response.text();
  if (!response.ok) throw refusalOf(response.status, text);
  return JSON.parse(text);
}
