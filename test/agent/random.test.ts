import { isDeepStrictEqual } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { randomInt, seededRandom, type Random } from '../../lib/base/random.ts';
import { TidewayError, codeOf } from '../../lib/base/errors.ts';
import { Accounts } from '../../lib/agent/fs/accounts.ts';
import { FakeCloud } from '../support/fake-backend.ts';
import { converge, TestSite, until } from './rig.ts';

let sites: TestSite[] = [];

afterEach(async () => {
  for (const site of sites) await site.agent?.stop();
  sites = [];
});

const names = ['a', 'b', 'c', 'd'];

/** One thing a user does; what cannot be done is left undone, as a shell would say. */
function act(site: TestSite, random: Random, text: string): void {
  const { user } = site;
  const pick = (): string => names[randomInt(random, names.length)] ?? 'a';
  const path = (): string => Array.from({ length: 1 + randomInt(random, 3) }, pick).join('/');
  attempt(() => {
    switch (randomInt(random, 12)) {
      case 0:
      case 1:
      case 2:
        user.writeFile(path(), text);
        return;
      case 3:
        user.mkdirp(path());
        return;
      case 4:
      case 5:
        user.rename(path(), path());
        return;
      case 6:
        user.rm(path());
        return;
      case 7: {
        const target = path();
        user.writeFile(`${target}.new`, text);
        user.rename(`${target}.new`, target);
        return;
      }
      case 8:
        user.symlink(pick(), path());
        return;
      case 9:
        user.chown(path(), randomInt(random, 3), randomInt(random, 3));
        return;
      case 10:
        user.setXattrs(path(), randomInt(random, 2) === 0 ? {} : { 'user.a': Buffer.from(text).toString('base64') });
        return;
      case 11:
        user.chmod(path(), 0o700 + randomInt(random, 8));
    }
  });
}

/** Only what replaces nothing: new files, and moves to free names. */
function add(site: TestSite, random: Random, text: string, made: Set<string>): void {
  const { user } = site;
  const pick = (): string => names[randomInt(random, names.length)] ?? 'a';
  const path = (): string => Array.from({ length: 1 + randomInt(random, 2) }, pick).join('/');
  const [from, to] = [path(), path()];
  const there = user.snapshot();
  attempt(() => {
    if (randomInt(random, 3) === 0) {
      if (!there.has(to)) user.rename(from, to);
    } else if (!there.has(to)) {
      user.mkdirp(to.split('/').slice(0, -1).join('/'));
      user.writeFile(to, text);
      made.add(text);
    }
  });
}

function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (codeOf(error) === '') throw error;
  }
}

const accounts = new Accounts(
  {
    nameOf: (_, id) => Promise.resolve(['root', 'anna'][id]),
    idOf: (_, name) => Promise.resolve({ root: 0, anna: 1 }[name]),
  },
  () => 0,
);

/** What every site must show alike, beside the contents. */
function shownAt(site: TestSite): ReadonlyMap<string, unknown> {
  const out = new Map<string, unknown>();
  for (const [path, { stat, target, xattrs }] of site.user.snapshot()) {
    if (path === '.tideway' || path.startsWith('.tideway/')) continue;
    const { uid, gid, kind } = stat;
    const rest = kind === 'symlink' ? { target } : { mode: stat.mode, xattrs };
    out.set(path, { kind, uid, gid, ...rest });
  }
  return out;
}

function alike(): boolean {
  const [first, ...others] = sites.map(shownAt);
  return others.every((other) => isDeepStrictEqual(other, first)) && timesApart() <= atMost;
}

/** What is made at two sites within a microsecond is one thing, with the time that it has at each; and there are three sites. */
const atMost = 2n * 1000n;

/** The times of files and links, at their furthest. */
function timesApart(): bigint {
  let most = 0n;
  const snapshots = sites.map((site) => site.user.snapshot());
  for (const path of snapshots[0]?.keys() ?? []) {
    if (path.startsWith('.tideway')) continue;
    const stats = snapshots.map((snapshot) => snapshot.get(path)?.stat);
    for (const stat of stats)
      for (const other of stats)
        if (
          stat?.kind !== 'directory' &&
          stat !== undefined &&
          other !== undefined &&
          stat.mtimeNs - other.mtimeNs > most
        )
          most = stat.mtimeNs - other.mtimeNs;
  }
  return most;
}

/** A bad day: calls fail before or after they had their effect, messages come twice, hints get lost, the disk is slow. */
function trouble(cloud: FakeCloud, random: Random): { end(): void } {
  let bad = true;
  cloud.hook = (call) => {
    cloud.hints = !bad || randomInt(random, 3) > 0;
    if (bad && !call.includes('settings') && randomInt(random, 12) === 0)
      throw new TidewayError('unreachable', `${call} failed`);
  };
  const deliver = cloud.deliver.bind(cloud);
  cloud.deliver = (envelope) => {
    deliver(envelope);
    if (bad && randomInt(random, 4) === 0) deliver(envelope);
  };
  return {
    end: () => {
      bad = false;
      cloud.hints = true;
    },
  };
}

async function pause(random: Random): Promise<void> {
  if (randomInt(random, 3) === 0) await new Promise((resolve) => setTimeout(resolve, randomInt(random, 15)));
}

const base = Number(process.env['SEED'] ?? 1);
const runs = Number(process.env['RUNS'] ?? 3);

async function start(random: Random, slow: boolean): Promise<FakeCloud> {
  const cloud = new FakeCloud();
  sites = ['paris', 'tokyo', 'lima'].map((name) => new TestSite(cloud, name));
  for (const site of sites) {
    if (slow)
      site.volume.before = () =>
        randomInt(random, 4) > 0 ? undefined : new Promise((resolve) => setImmediate(resolve));
    await site.start({ accounts });
  }
  return cloud;
}

describe.each(['good', 'bad'])('random work at three sites on a %s day', (day) => {
  for (let seed = base; seed < base + runs; seed++)
    test(`seed ${seed} converges (SEED=${seed} RUNS=1 repeats it)`, async () => {
      const random = seededRandom(seed);
      const cloud = await start(random, day === 'bad');
      for (let round = 0; round < 4; round++) {
        const troubles = day === 'bad' ? trouble(cloud, random) : undefined;
        for (let step = 0; step < 12; step++) {
          act(sites[randomInt(random, sites.length)]!, random, `${seed} ${round} ${step}`);
          await pause(random);
        }
        troubles?.end();
        await converge(cloud, ...sites);
        // What one site still sent while the last one was waited for is on its way to the others.
        for (let tries = 0; tries < 20 && !alike(); tries++) await converge(cloud, ...sites);
        const [first, ...others] = sites.map(shownAt);
        for (const other of others) expect(other).toEqual(first);
        expect(timesApart()).toBeLessThanOrEqual(atMost);
      }
      await until('all idle', () => sites.every((site) => site.agent!.status().state === 'idle'));
      expect(sites.flatMap((site) => site.agent!.status().problems)).toEqual([]);
    }, 20_000);

  for (let seed = base; seed < base + runs; seed++)
    test(`seed ${seed} loses nothing that nobody replaced`, async () => {
      const random = seededRandom(seed);
      const cloud = await start(random, day === 'bad');
      const made = new Set<string>();
      const troubles = day === 'bad' ? trouble(cloud, random) : undefined;
      for (let step = 0; step < 40; step++) {
        add(sites[randomInt(random, sites.length)]!, random, `${seed} ${step}`, made);
        await pause(random);
      }
      troubles?.end();
      await converge(cloud, ...sites);
      const kept = [...cloud.tree().values()].filter((content) => content !== null);
      expect(kept.toSorted()).toEqual([...made].toSorted());
    }, 20_000);
});
