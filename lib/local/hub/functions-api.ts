import { refusalOf } from '../../agent/remote/api.ts';

const workMs = 30_000;
/** `status` waits for what it asks. */
const lookMs = 5_000;

/** Calls the functions' API with the hub's token. Rejects with the code of a refusal, or when there is no answer in time. */
export async function askFunctions(url: string, token: string, method: string, value: object): Promise<unknown> {
  const body = JSON.stringify(value);
  return call(url, { method, body, headers: { ...headersOf(token), 'content-type': 'application/json' } }, workMs);
}

/** The same for what changes nothing, within 5 s. */
export function readFunctions(url: string, token: string): Promise<unknown> {
  return call(url, { headers: headersOf(token) }, lookMs);
}

function headersOf(token: string): Readonly<Record<string, string>> {
  return { 'x-tideway-token': token };
}

async function call(url: string, request: RequestInit, timeoutMs: number): Promise<unknown> {
  const response = await fetch(url, { ...request, signal: AbortSignal.timeout(timeoutMs) });
  const text = await response.text();
  if (!response.ok) throw refusalOf(response.status, text);
  return JSON.parse(text);
}
