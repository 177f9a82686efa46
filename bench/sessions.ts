// A session is one life of a system at a fresh place, and the works that are done in it, in an order in which one prepares
// what the next one needs.
import path from 'node:path';
import type { WorkName } from './options.ts';
import { runToEnd } from './systems/spawned.ts';
import { announced, bulk, remove, rename, small } from './works/files.ts';
import { idle } from './works/idle.ts';
import { large, patch } from './works/large.ts';
import type { Figures, Stage } from './works/stage.ts';

interface Work {
  readonly name: WorkName;
  /** What must have been done in the same session. */
  readonly after?: WorkName;
  readonly run: (stage: Stage) => Promise<Figures>;
}

interface Session {
  readonly sites: readonly string[];
  readonly works: readonly Work[];
  /** Before the first start. */
  fill?(stage: Stage): Promise<void>;
  /** It takes minutes: in the first round alone. */
  readonly once?: boolean;
}

const sessions: readonly Session[] = [
  {
    sites: ['a', 'b'],
    works: [
      { name: 'bulk', run: bulk },
      { name: 'small', run: small },
      { name: 'rename', after: 'bulk', run: rename },
      { name: 'delete', after: 'rename', run: remove },
      { name: 'announced', run: announced },
      { name: 'large', run: large },
      { name: 'patch', after: 'large', run: patch },
    ],
  },
  { sites: ['a', 'b', 'c'], works: [{ name: 'two-sites', run: bulk }] },
  {
    sites: ['a', 'b'],
    works: [{ name: 'idle', run: idle }],
    // The same tree at both sites beforehand: how fast it would get there is another figure.
    fill: async ({ place, seeds }) => {
      for (const site of place.sites) await runToEnd('cp', ['-rp', path.join(seeds, 'idle'), path.join(site, 'idle')]);
    },
    once: true,
  },
];

/** The sessions that `wanted` takes, each with its works, those that they need included. */
export function sessionsFor(wanted: readonly WorkName[], round: number): readonly Session[] {
  return sessions.flatMap((session) => {
    if (session.once === true && round > 1) return [];
    const needed = new Set(wanted);
    for (const { name, after } of session.works.toReversed())
      if (after !== undefined && needed.has(name)) needed.add(after);
    const works = session.works.filter(({ name }) => needed.has(name));
    return works.length === 0 ? [] : [{ ...session, works }];
  });
}

/** Runs one session; each work is told as it ends. What fails ends the session: what follows would stand on it. */
export async function runSession(
  session: Session,
  stage: Stage,
  tell: (work: WorkName, outcome: Figures | Error) => void,
): Promise<void> {
  let current: WorkName | undefined = session.works[0]?.name;
  try {
    await stage.prepare();
    await session.fill?.(stage);
    await stage.start();
    for (const { name, run } of session.works) {
      if (name === 'announced' && stage.system.edit === undefined) continue;
      current = name;
      tell(name, await run(stage));
    }
  } catch (error) {
    if (current !== undefined) tell(current, error instanceof Error ? error : new Error(String(error)));
  } finally {
    await stage.stop();
  }
}
