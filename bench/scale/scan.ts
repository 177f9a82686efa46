// A site's scans alone, without hub and sync: the first one, then some in which nothing has changed, and beside each the
// floor: the same directories surveyed, and compared with nothing.
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { InParts } from '../../lib/agent/scan/in-parts.ts';
import { lookAtOldPlaces } from '../../lib/agent/scan/old-places.ts';
import { openSiteFs } from '../../lib/agent/fs/open-site.ts';
import { watchOf } from '../../lib/agent/fs/watch.ts';
import type { Watch } from '../../lib/agent/fs/watch-port.ts';
import type { SiteFs } from '../../lib/agent/fs/port.ts';
import { defaultExcludes, excluder } from '../../lib/agent/scan/exclude.ts';
import { Problems } from '../../lib/agent/problems.ts';
import { record } from '../../lib/agent/scan/record.ts';
import { newRound } from '../../lib/agent/scan/round.ts';
import { Shown } from '../../lib/agent/apply/shown.ts';
import { State } from '../../lib/agent/state/state.ts';
import { Touched } from '../../lib/agent/scan/touched.ts';
import { Walk } from '../../lib/agent/scan/walk.ts';
import { eachBounded, inGroups } from '../../lib/base/pool.ts';
import { rootId } from '../../lib/core/node.ts';

const together = 16;
const calls = 4;

/** Answers what was found to be new. */
async function scan(fs: SiteFs, state: State, watch: Watch): Promise<number> {
  const touched = new Touched();
  const round = newRound(touched.scan());
  let found = 0;
  const parts = InParts.suits(state)
    ? new InParts(state, touched, ({ changed }) => (found += changed.length))
    : undefined;
  const walk = new Walk(
    {
      fs,
      state,
      parts,
      watch,
      excluded: excluder(defaultExcludes),
      problems: new Problems(),
      shown: new Shown(fs, undefined),
      now: () => Date.now(),
      looks: new Map(),
      hears: true,
      onHardLink: () => {},
      root: undefined,
    },
    round,
  );
  await walk.everything();
  await lookAtOldPlaces(state, touched, walk, round);
  found += state.now(() => record(state, touched, round)).changed.length;
  await state.commit(() => {});
  return found;
}

function directoriesOf(state: State): readonly string[] {
  const paths: string[] = [];
  const open: [string, string][] = [[rootId, '']];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [id, at] = next;
    paths.push(at);
    for (const { id: child, kind, name } of state.localChildren(id))
      if (kind === 'directory') open.push([child, path.posix.join(at, name)]);
  }
  return paths;
}

export async function runScans(
  dir: string,
  rescans: number,
  mark: (name: string, value: number) => void,
): Promise<void> {
  const fs = await openSiteFs(path.join(dir, 'a'));
  const state = new State(path.join(dir, 'scan.db'));
  // As the agent does it; without, the log of the database would hold all of the first scan.
  state.writes.onOpen = () => setImmediate(() => state.writes.save());
  const watch = await watchOf(fs)(() => {});
  const heldUp = monitorEventLoopDelay({ resolution: 1 });
  const measure = async (name: string, objects: () => number, work: () => Promise<unknown>): Promise<void> => {
    heldUp.reset();
    heldUp.enable();
    const before = process.cpuUsage();
    const began = performance.now();
    await work();
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(before);
    heldUp.disable();
    mark(`${name}, objects/s`, objects() / seconds);
    mark(`${name}, CPU of all threads an object, us`, (user + system) / objects());
    mark(`${name}, longest turn of the event loop, ms`, heldUp.max / 1e6);
    mark(`${name}, memory after it, MiB`, process.memoryUsage().rss / 2 ** 20);
  };
  try {
    let objects = 0;
    await measure(
      'first scan',
      () => objects,
      async () => (objects = await scan(fs, state, watch)),
    );
    for (let round = 1; round <= rescans; round++) {
      await measure(
        `rescan ${round}`,
        () => objects,
        async () => {
          const found = await scan(fs, state, watch);
          if (found > 0) throw new Error(`${found} of what did not change was taken for changed`);
        },
      );
      const directories = directoriesOf(state);
      const batches = inGroups(directories, together);
      const survey = (): Promise<void> => eachBounded(batches, calls, async (paths) => void (await fs.survey(paths)));
      await measure(`floor ${round}`, () => objects, survey);
    }
  } finally {
    await watch.close();
    await fs.close();
    state.close();
  }
}
