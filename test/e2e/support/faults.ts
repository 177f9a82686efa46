// The fault switches of a hub that was started for tests (lib/local/hub/faults.ts tells what they take).
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Workspace } from './workspace.ts';

export async function askFaults(space: Workspace, method: 'GET' | 'POST' | 'DELETE', body?: unknown): Promise<unknown> {
  const { url, token } = JSON.parse(readFileSync(path.join(space.data, 'faults.json'), 'utf8')) as {
    url: string;
    token: string;
  };
  const init = {
    method,
    headers: { authorization: `Bearer ${token}`, connection: 'close' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const response = await fetch(url, init);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text);
}

/** How many exchanges have met a fault. */
export async function struck(space: Workspace): Promise<number> {
  const told = (await askFaults(space, 'GET')) as { struck: Record<string, number> };
  return Object.values(told.struck).reduce((sum, one) => sum + one, 0);
}
