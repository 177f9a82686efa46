// Names that people at three sites, and on the share, all use at once; and whether the documentation explains all that they saw.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openSiteFs } from '../../../lib/agent/fs/open-site.ts';
import { filesRest } from '../../../lib/azure/rest/files.ts';
import { must } from '../../../lib/base/errors.ts';
import { randomHex, randomInt, seededRandom, type Random } from '../../../lib/base/random.ts';
import { Search } from '../../explain/explain.ts';
import { pick } from '../support/files.ts';
import { isReplayed } from '../support/replayed.ts';
import { announce } from '../support/share.ts';
import { pause, until } from '../support/wait.ts';
import type { Workspace } from '../support/workspace.ts';
import { bringTrouble, makeCuttable, type Trouble } from './bad-days.ts';
import { Recorder, type PutOnShare } from './recorder.ts';

const sites = ['a', 'b', 'c'] as const;
const atSites = ['read', 'read', 'save', 'save', 'save', 'edit', 'edit', 'remove'] as const;

export interface Play {
  readonly seed: number;
  readonly names: number;
  /** Each ends with everything at rest. No further one begins after `ms`. */
  readonly rounds: number;
  readonly ms: number;
  /** What is done to a name in a round, at all sites together. */
  readonly acts: number;
  /** Between two acts, at most, ms. */
  readonly pauseMs: number;
  /** Bound of the sync after a round, seconds. */
  readonly seconds: number;
  readonly trouble?: Trouble;
  /** Somebody edits on the share itself, too. */
  readonly share?: boolean;
}

/** `space` has the sites a, b and c, and no hub yet. */
export async function explained(space: Workspace, play: Play, say: (line: string) => void): Promise<void> {
  const { seed, names, rounds, ms, acts, pauseMs, seconds, trouble, share = false } = play;
  const ways = [...atSites, ...(share ? (['share'] as const) : [])];
  const random = seededRandom(seed);
  if (trouble !== undefined) makeCuttable(space);
  space.env['TIDEWAY_SECOND_SIGHT_SECONDS'] = '1';
  const hub = await space.up(...sites);
  const put = await shareOf(space);
  const fs = await openSiteFs(space.dir);
  const dirs = Array.from({ length: names }, (_, index) => `name-${index}`);
  for (const dir of dirs) mkdirSync(path.join(space.site('a'), dir));
  await space.inSync(seconds);
  const recorders = dirs.map((dir) => new Recorder(space, sites, dir, fs));
  /** Too much was open to tell whether what they saw can be explained; from then on nobody can. */
  const undecided = new Set<Recorder>();
  const searches = dirs.map(() => new Search(sites.length, { oneClock: true }));
  const began = performance.now();
  let running = hub;
  let round = 0;
  for (; round < rounds && performance.now() - began < ms; round++) {
    let working = true;
    const told =
      trouble === undefined
        ? undefined
        : bringTrouble(space, running, seededRandom(seed * 10 + round), trouble, () => !working);
    const turns = recorders.flatMap((recorder) => Array.from({ length: acts }, () => recorder));
    for (const recorder of shuffled(random, turns)) {
      const site = randomInt(random, sites.length);
      const way = pick(random, ways);
      if (way === 'share') await recorder.share(put);
      else await recorder[way](site);
      await pause(randomInt(random, pauseMs));
    }
    working = false;
    const end = await told;
    if (end !== undefined) {
      running = end.running;
      say(end.told.join(', '));
      for (const [site, name] of sites.entries())
        if (end.told.some((each) => each === 'kill hub' || each === `kill agent ${name}`))
          for (const recorder of recorders) recorder.killed(site);
    }
    // The functions may be on their way up again, and the hub answers for them till then.
    const isDetected = async (): Promise<boolean> => (await space.run('detect-changes')).code === 0;
    if (share) await until('the share is looked through', seconds * 1000, isDetected);
    // What failed too often while things were cut off is a problem until its next try, and no longer pending.
    await until('in sync without a problem', seconds * 1000, async () => {
      const { endpoints } = await space.inSync(seconds);
      return endpoints.every(({ problems }) => problems.length === 0);
    });
    for (const [index, recorder] of recorders.entries()) {
      const differences = recorder.rest();
      const trace = JSON.stringify(recorder.events);
      writeFileSync(path.join(space.dir, `${recorder.dir}.json`), trace);
      const verdict = undecided.has(recorder)
        ? undefined
        : must(searches[index], 'its search').further(recorder.events);
      const kept = path.join(tmpdir(), `explained-${seed}-${recorder.dir}.json`);
      if (verdict !== undefined && verdict.kind !== 'explained') writeFileSync(kept, trace);
      const mystery = verdict?.kind === 'mystery' ? `${verdict.story}\n(${kept})` : undefined;
      assert.deepEqual({ mystery, differences }, { mystery: undefined, differences: [] }, `seed ${seed}`);
      if (verdict?.kind !== 'undecided') continue;
      undecided.add(recorder);
      say(`${recorder.dir} is undecided from round ${round + 1} on, after ${verdict.tried} states: ${kept}`);
    }
  }
  await isReplayed(space, 'a');
  await fs.close();
  const all = recorders.flatMap(({ events }) => events);
  const copies = recorders
    .map(({ events }) => events.at(-1))
    .flatMap((event) => (event?.kind === 'rest' ? event.copies : []));
  const told = undecided.size === 0 ? 'all explained' : `${undecided.size} names undecided`;
  say(`${all.length} events at ${names} names in ${round} rounds, ${copies.length} conflict copies, ${told}`);
  assert.equal(undecided.size, 0, `seed ${seed}: names undecided`);
}

/** As an SMB client saves: whole, over whatever is there. It tells nobody, or somebody a little later. */
async function shareOf(space: Workspace): Promise<PutOnShare> {
  const settings = await space.settings();
  const connection = must(settings['AZURE_STORAGE_CONNECTION_STRING'], 'a connection string');
  const part = (name: string): string => must(new RegExp(`${name}=([^;]+)`).exec(connection)?.[1], name);
  const credential = { kind: 'key', account: part('AccountName'), key: part('AccountKey') } as const;
  const rest = filesRest(`${part('FileEndpoint')}/${settings['TIDEWAY_SHARE']}`, credential);
  return async (name, content) => {
    const headers = { 'x-ms-type': 'file', 'x-ms-content-length': String(content.length) };
    try {
      const { status } = await rest.call('PUT', name, [], headers, content);
      if (status !== 201) return false;
    } catch {
      return undefined; // cut off, or the hub is gone: before or after it was done
    }
    await announce(space, name).catch(() => {}); // lost: then it is found by looking
    return true;
  };
}

function shuffled<T>(random: Random, all: readonly T[]): readonly T[] {
  return all
    .map((each) => ({ each, at: randomHex(random, 6) }))
    .toSorted((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ each }) => each);
}
