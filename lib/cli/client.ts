// Asks a running hub. It is found by its data directory.
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
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
  const late = AbortSignal.timeout(timeoutMs);
  let answer: Answer;
  try {
    answer = await ask(`${file.url}${path}`, method, token, late);
  } catch (error) {
    if (late.aborted)
      throw new TidewayError('hub_silent', `the hub did not answer within ${timeoutMs} ms`, {
        hint: 'See its log in DIR/logs.',
      });
    throw down(error);
  }
  if (answer.status >= 300) throw refusalOf(answer.status, answer.body);
  return JSON.parse(answer.body);
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Not by `fetch`, which gives up by itself when an answer takes 5 minutes: a wait for sync may take hours. */
function ask(url: string, method: string, token: string, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers: { 'x-tideway-token': token }, signal }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 500, body }), reject);
    });
    asked.once('error', reject);
    asked.end();
  });
}
