import { afterEach, describe, expect, test } from '@jest/globals';
import { randomInt, seededRandom, type Random } from '../../lib/base/random.ts';
import { codeOf } from '../../lib/base/errors.ts';
import { FakeCloud } from '../support/fake-backend.ts';
import { converge, TestSite, until } from './rig.ts';

let sites: TestSite[] = [];

afterEach(async () => {
  for (const site of sites) await site.agent?.stop();
  sites = [];
});

const names = ['a', 'b', 'c', 'd'];

/** One thing a user does; what cannot be done is left undone, as a shell would say. Answers the content it made. */
function act(site: TestSite, random: Random, made: Set<string>): void {
  const { user } = site;
  const pick = (): string => names[randomInt(random, names.length)] ?? 'a';
  const path = (): string => Array.from({ length: 1 + randomInt(random, 3) }, pick).join('/');
  const text = `${site.name} ${made.size} ${randomInt(random, 1_000_000)}`;
  try {
    switch (randomInt(random, 8)) {
      case 0:
      case 1:
      case 2:
        user.writeFile(path(), text);
        made.add(text);
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
        made.add(text);
        user.rename(`${target}.new`, target);
        return;
      }
    }
  } catch (error) {
    if (codeOf(error) === '') throw error;
  }
}

const base = Number(process.env['SEED'] ?? 1);
const runs = Number(process.env['RUNS'] ?? 12);

describe('random work at three sites', () => {
  for (let seed = base; seed < base + runs; seed++)
    test(`seed ${seed} converges (SEED=${seed} RUNS=1 repeats it)`, async () => {
      const random = seededRandom(seed);
      const cloud = new FakeCloud();
      sites = ['paris', 'tokyo', 'lima'].map((name) => new TestSite(cloud, name));
      await Promise.all(sites.map((site) => site.start()));
      const made = new Set<string>();
      for (let round = 0; round < 4; round++) {
        for (let step = 0; step < 12; step++) {
          act(sites[randomInt(random, sites.length)]!, random, made);
          if (randomInt(random, 3) === 0) await new Promise((resolve) => setTimeout(resolve, randomInt(random, 15)));
        }
        await converge(cloud, ...sites);
      }
      await until('all idle', () => sites.every((site) => site.agent!.status().state === 'idle'));
      expect(sites.flatMap((site) => site.agent!.status().problems)).toEqual([]);
    }, 20_000);
});
