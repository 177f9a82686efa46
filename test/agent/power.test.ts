// Power loss at a site whose changes were sent already: what its disk brings back is older, empty or gone, and none of that
// may go out as somebody's work.
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { crash } from '../../lib/agent/fs/memory-crash.ts';
import { MemoryFs } from '../../lib/agent/fs/memory-fs.ts';
import { State } from '../../lib/agent/state/state.ts';
import { seededRandom } from '../../lib/base/random.ts';
import { FakeCloud } from '../support/fake-backend.ts';
import { converge, TestSite, until } from './rig.ts';

let dir: string;
let cloud: FakeCloud;
let paris: TestSite;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tideway-power-'));
});

afterEach(async () => {
  await paris.agent?.stop();
  rmSync(dir, { recursive: true });
});

/** Longer than a page, so that a crash can bring back a part of it. */
function long(word: string): string {
  return word.repeat(1000).padEnd(9000, '.');
}

/**
 * A user saves files in all the ways programs do; the power fails at the agent's `at`-th call. Answers whether it came so
 * far, how many contents had been sent, and after how many calls.
 */
async function powerLossAt(
  at: number,
  seed: number,
  more: number,
): Promise<{ dead: boolean; sent: number; calls: number }> {
  cloud = new FakeCloud();
  paris = new TestSite(cloud, 'paris');
  const state = join(dir, `${at}-${seed}.db`);
  const { user } = paris;
  user.mkdirp('d');
  for (const name of ['inplace', 'saved', 'moved', 'rewritten']) user.writeFile(`d/${name}`, long(`old ${name}`));
  await paris.start({ stateFile: state });
  await converge(cloud, paris);
  await paris.agent!.stop();
  await paris.volume.sync();
  const base = cloud.namespace.log.length;

  const save = (): void => {
    user.mkdirp('more');
    for (let i = 0; i < more; i++) user.writeFile(`more/${i}`, long(`${i}`));
    user.writeFile('d/inplace', long('new inplace'));
    user.writeFile('d/saved.tmp', long('new saved'));
    user.rename('d/saved.tmp', 'd/saved');
    user.mkdirp('made/here');
    user.rename('d/moved', 'made/moved');
    user.writeFile('made/moved', long('new moved'));
    user.writeFile('made/here/created', long('created'));
    user.writeFile('d/rewritten', long('old rewritten'));
  };

  let calls = 0;
  let counting = false;
  let dead = false;
  const copy = `${state}-copy`;
  let after = paris.volume;
  const step = (call: string): void => {
    if (counting && !dead && ++calls === at) {
      dead = true;
      for (const tail of ['', '-wal']) if (existsSync(state + tail)) copyFileSync(state + tail, copy + tail);
      after = crash(paris.volume, seededRandom(seed));
    }
    if (dead) throw new Error(`no power at ${call}`);
  };
  const fs = new MemoryFs(paris.volume.volume);
  fs.before = step;
  cloud.hook = (call) => step(call);
  await paris.start({ stateFile: state, fs });
  await converge(cloud, paris);
  counting = true;
  save();
  await until('dead or settled', () => dead || cloud.namespace.log.length === base + 8 + more);
  await paris.agent!.stop();
  cloud.hook = () => {};
  if (!dead) return { dead, sent: 0, calls };

  const left = new State(copy);
  const { nextN } = left.meta.values;
  left.close();
  paris.volume = after;
  await paris.start({ stateFile: copy });
  // Not that both are equal: new content under old times, which a power loss may leave, nobody can tell from old content.
  expect(await paris.agent!.settled(performance.now() + 3000)).toBe(true);
  // Whatever had a number before the power failed was sent, or will be: its content is what everybody has.
  const ops = ['create', 'edit', 'attributes'];
  const sent = cloud.namespace.log.slice(base).filter(({ n, op }) => n < nextN && ops.includes(op));
  for (const { node, effects, op } of sent) {
    const put = effects.flatMap((effect) => ('put' in effect && effect.put.id === node ? [effect.put] : []));
    const { name, hash } = put[0] ?? {};
    expect([at, seed, op, name, cloud.namespace.nodes.get(node ?? '')?.hash]).toEqual([at, seed, op, name, hash]);
  }
  await paris.agent!.stop();
  return { dead, sent: sent.length, calls };
}

// Every call in turn: POWER_STEP=1. A normal run takes a sample.
test.each([
  ['a few files, each flushed alone', 0, 4],
  ['a flood of files, flushed together', 40, 40],
])(
  'no content that was sent is taken back: %s',
  async (_, more, step) => {
    let most = 0;
    const stride = Number(process.env['POWER_STEP'] ?? step);
    let last = 0;
    for (let at = Number(process.env['POWER_FIRST'] ?? 1), dead = true; dead; at += stride) {
      const end = await powerLossAt(at, at, more);
      dead = end.dead;
      most = Math.max(most, end.sent);
      last = end.calls;
    }
    // How many calls a run makes is up to the timing: the sample need not have met one late enough.
    for (let at = last; at > 0 && most <= more + 3; at--)
      most = Math.max(most, (await powerLossAt(at, at + 1_000_000, more)).sent);
    expect(most).toBeGreaterThan(more + 3);
  },
  300_000,
);
