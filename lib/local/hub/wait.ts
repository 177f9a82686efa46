// The honest answer to "are we in sync?": every endpoint has rescanned after the call began, has nothing pending either
// way, and its cursor is at the head that was read after the last of these rescans.
import { codeOf } from '../../base/errors.ts';
import type { Child } from './child.ts';

export type WaitResult = { readonly wait: 'in_sync' } | { readonly wait: 'timed_out' } | { readonly wait: 'halted' };

/** An agent. */
type Asked = Pick<Child, 'ask'>;

interface Seen {
  readonly cursor: number;
  readonly pending: number;
}

export async function waitInSync(
  children: ReadonlyMap<string, Asked>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<WaitResult> {
  const deadline = performance.now() + timeoutMs;
  while (!signal.aborted) {
    const left = deadline - performance.now();
    if (left <= 0) return { wait: 'timed_out' };
    const settled = await settleAll(children, left);
    if (settled === 'halted') return { wait: 'halted' };
    if (settled === 'down') await new Promise((resolve) => setTimeout(resolve, 100));
    // While one endpoint was asked another may have sent something: then the first is asked again.
    if (settled === 'settled' && (await allAtOneHead(children))) return { wait: 'in_sync' };
  }
  return { wait: 'timed_out' };
}

type Settled = 'settled' | 'not_yet' | 'halted' | 'down';

/** The worst answer; a halted endpoint is told at once, because it waits for a person. */
async function settleAll(children: ReadonlyMap<string, Asked>, timeoutMs: number): Promise<Settled> {
  const asked = [...children.values()].map((child) => settle(child, timeoutMs));
  const halted = new Promise<Settled>((resolve, reject) => {
    for (const each of asked) each.then((answer) => (answer === 'halted' ? resolve(answer) : undefined), reject);
  });
  const all = Promise.all(asked).then((answers): Settled => {
    for (const worst of ['halted', 'down', 'not_yet'] as const) if (answers.includes(worst)) return worst;
    return 'settled';
  });
  return Promise.race([halted, all]);
}

async function settle(child: Asked, timeoutMs: number): Promise<Settled> {
  try {
    return (await child.ask({ do: 'settled', timeoutMs })) === true ? 'settled' : 'not_yet';
  } catch (error) {
    const code = codeOf(error);
    if (code === 'agent_down') return 'down';
    if (code === 'halted') return 'halted';
    throw error;
  }
}

async function allAtOneHead(children: ReadonlyMap<string, Asked>): Promise<boolean> {
  const seen = await Promise.all(
    [...children.values()].map(async (child) => (await child.ask({ do: 'status' })) as Seen),
  );
  const cursors = new Set(seen.map(({ cursor }) => cursor));
  // A row that was read moves the cursor before anybody planned what follows from it: so all that is pending counts.
  return cursors.size <= 1 && seen.every(({ pending }) => pending === 0);
}
