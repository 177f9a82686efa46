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

export interface Session {
  readonly sites: readonly string[];
  readonly works: readonly Work[];
  /**
   * Done at the same place when all rounds are over: on some disks what is deleted makes each file that is created after it
   * several times as dear, for minutes.
   */
  readonly later?: readonly Work[];
  /** Before the first start. */
  readonly fill?: (stage: Stage) => Promise<void>;
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
      { name: 'announced', run: announced },
    ],
    later: [{ name: 'delete', after: 'rename', run: remove }],
  },
  {
    sites: ['a', 'b'],
    works: [
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
    const { works, later = [] } = session;
    const needed = new Set(wanted);
    for (const { name, after } of [...works, ...later].toReversed())
      if (after !== undefined && needed.has(name)) needed.add(after);
    const of = (all: readonly Work[]): readonly Work[] => all.filter(({ name }) => needed.has(name));
    return of(works).length === 0 ? [] : [{ ...session, works: of(works), later: of(later) }];
  });
}

type Tell = (work: WorkName, outcome: Figures | Error) => void;

/** Runs one session; each work is told as it ends. Answers whether all went well. */
export function runSession(session: Session, stage: Stage, tell: Tell): Promise<boolean> {
  return run(session.works, stage, tell, async () => {
    await stage.prepare();
    await session.fill?.(stage);
  });
}

/** What was put off, where the session ended. */
export function runLater({ later = [] }: Session, stage: Stage, tell: Tell): Promise<boolean> {
  return run(later, stage, tell, () => Promise.resolve());
}

/** What fails ends the life of the system: what follows would stand on it. */
async function run(works: readonly Work[], stage: Stage, tell: Tell, prepare: () => Promise<void>): Promise<boolean> {
  let current = works[0]?.name;
  if (current === undefined) return true;
  try {
    await prepare();
    await stage.start();
    for (const work of works) {
      if (work.name === 'announced' && stage.system.edit === undefined) continue;
      current = work.name;
      tell(current, await work.run(stage));
    }
    return true;
  } catch (error) {
    tell(current, error instanceof Error ? error : new Error(String(error)));
    return false;
  } finally {
    await stage.stop();
  }
}
