// People work, and what can befall a site or the share from outside befalls it: step by step, thought of as the run goes on or
// given from an earlier one.
import { must } from '../../lib/base/errors.ts';
import { blowsAt } from './blows.ts';
import { remoteIsReplayed } from './check.ts';
import type { SimulatedCloud } from './cloud.ts';
import { deedAtSite, deedOnShare } from './people.ts';
import type { Run } from './run.ts';
import type { Site } from './site.ts';
import type { Smb } from './smb.ts';
import { blows, type Deed, type Step } from './step.ts';
import type { User } from './user.ts';
import { perMille, type Fault } from './weather.ts';

export interface World {
  readonly cloud: SimulatedCloud;
  readonly sites: readonly Site[];
  readonly users: readonly User[];
  readonly smb: Smb;
}

const faultOf: Readonly<Record<(typeof blows)[number], Fault>> = {
  kill: 'killedAgents',
  'power off': 'lostPower',
  'no network': 'offline',
  unmount: 'unmounts',
  'disk full': 'fullDisks',
  'state full': 'fullStates',
  'share full': 'fullShares',
  'lose state': 'lostStates',
  'restore state': 'restoredStates',
  'set clock': 'skews',
};
const second = 1000;
const hour = 3600_000;
const year = 365 * 24 * hour;
/** So many things in a row that cannot be done, before those who thought of them wait. */
const patience = 200;

/** Does the steps that are given, or thinks of `operations` of people and of what befalls them between. `run.steps` tells what was done. */
export async function storm(
  run: Run,
  world: World,
  { operations, steps }: { readonly operations: number; readonly steps?: readonly Step[] | undefined },
): Promise<void> {
  for (const site of world.sites) run.clock.after(run.chance.below(2000), () => void site.start());
  const done = run.steps;
  if (steps !== undefined)
    for (const step of steps) {
      if (run.broken.length > 0) break;
      if (act(run, world, step)) done.push(step);
      else lengthen(done, step.wait);
      await pause(run, world, step);
    }
  for (let worked = 0, inVain = 0; steps === undefined && worked < operations && run.broken.length === 0;) {
    const deed = thinkOf(run, world);
    if (!act(run, world, deed)) {
      // All disks may be away at once, and on some days nobody works on the share: only time helps.
      if (++inVain % patience === 0) {
        lengthen(done, second);
        run.clock.after(second, () => {}); // where nothing happens till then no time passes
        await run.clock.run(() => false, second);
      }
      continue;
    }
    worked++;
    inVain = 0;
    const befell = fate(run, world).filter((blow) => act(run, world, blow));
    const wait = run.people.is(80) ? run.people.below(400) : run.people.below(8000);
    done.push(...[deed, ...befell].map((each, at) => ({ ...each, wait: at === befell.length ? wait : 0 })));
    await pause(run, world, must(done.at(-1), 'something was done'));
  }
}

/** What cannot be done takes its time all the same: without it the steps that were done make another run. */
function lengthen(done: Step[], ms: number): void {
  const last = done.pop();
  if (last !== undefined) done.push({ ...last, wait: last.wait + ms });
}

async function pause(run: Run, { sites, cloud }: World, { at, wait }: Step): Promise<void> {
  const site = sites.find(({ name }) => name === at);
  if (site?.running === true) run.broken.push(...remoteIsReplayed(site, cloud.table.rows));
  if (wait > 0) await run.clock.run(() => false, wait);
}

function thinkOf({ people, weather }: Run, { sites, users, smb }: World): Deed {
  if (people.below(1000) < perMille(weather, 'share')) return deedOnShare(people, smb.sees, smb.write);
  const index = people.below(sites.length);
  const user = must(users[index], 'each site has one');
  const { name } = must(sites[index], 'one of them');
  const habits = { programs: perMille(weather, 'programs'), remakes: perMille(weather, 'remakes') };
  return deedAtSite(people, name, user.sees, habits, user.write);
}

function fate({ people, weather }: Run, { sites }: World): readonly Deed[] {
  const at = must(people.pick(sites), 'there are some').name;
  const out: Deed[] = [];
  for (const what of blows)
    if (people.below(1000) < perMille(weather, faultOf[what])) out.push({ at, do: what, ms: lengthOf(what, people) });
  if (people.below(1000) < perMille(weather, 'leaps'))
    out.push({ at, do: 'set clock', ms: must(people.pick([-10 * year, -24 * hour, -hour, hour, 10 * year]), 'one') });
  return out;
}

function lengthOf(what: (typeof blows)[number], people: Run['people']): number {
  if (what === 'set clock') return people.below(60_000) - 30_000;
  if (what === 'no network' || what === 'restore state') return people.below(60_000);
  return people.below(what === 'unmount' || what.endsWith('full') ? 20_000 : 8000);
}

/** Answers whether it could be done. */
function act(run: Run, { cloud, sites, users, smb }: World, deed: Deed): boolean {
  const { at, do: what, ms = 0 } = deed;
  if (what === 'share full') {
    run.trace.add('share', 'full');
    cloud.full = true;
    run.clock.after(ms, () => (cloud.full = false));
    return true;
  }
  if (at === 'share') return smb.act(deed);
  const index = sites.findIndex(({ name }) => name === at);
  const site = must(sites[index], 'a step is at a site');
  const blow = blowsAt(run, site, ms)[what];
  return blow === undefined ? site.mounted && must(users[index], 'each site has one').act(deed) : blow();
}
