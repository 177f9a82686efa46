// Programs save as they do while what they saved a moment ago is still on its way: one file stays one file.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { randomInt, seededRandom } from '../../lib/base/random.ts';
import { FakeCloud } from '../support/fake-backend.ts';
import { converge, TestSite } from './rig.ts';

const seed = Number(process.env['TIDEWAY_SEED'] ?? Date.now() % 1_000_000_007);
const rounds = Number(process.env['TIDEWAY_RUNS'] ?? 25);

let cloud: FakeCloud;
let paris: TestSite;

beforeEach(() => {
  cloud = new FakeCloud();
  paris = new TestSite(cloud, 'paris');
});

afterEach(() => paris.agent?.stop());

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Lets the next calls of that name wait; resolves when one does. */
function hold(name: string): { readonly met: Promise<void>; letGo(): void } {
  let meet = (): void => {};
  let letGo = (): void => {};
  const met = new Promise<void>((resolve) => (meet = resolve));
  const gone = new Promise<void>((resolve) => (letGo = resolve));
  cloud.hook = async (call) => {
    if (call !== `paris ${name}`) return;
    meet();
    await gone;
  };
  return { met, letGo };
}

const conflicts = (): readonly unknown[] => cloud.namespace.log.filter(({ outcome }) => outcome !== 'applied');

test('with a backup, while its create is on its way: the new one waits for the name', async () => {
  await paris.start();
  const sending = hold('send');
  paris.user.writeFile('doc', '1');
  await sending.met;
  paris.user.rename('doc', 'doc~');
  paris.user.writeFile('doc', '2');
  await pause(60);
  paris.user.remove('doc~');
  await pause(20);
  sending.letGo();
  await converge(cloud, paris);
  expect([...cloud.tree()]).toEqual([['doc', '2']]);
  expect(conflicts()).toEqual([]);
});

test('by exchange, while the new content is sent up: the old one gives its name first', async () => {
  paris.user.writeFile('doc', '1');
  await paris.start();
  await converge(cloud, paris);
  const staging = hold('stageWhole');
  paris.user.writeFile('.doc.new', '2');
  await staging.met;
  await paris.volume.exchange('.doc.new', 'doc');
  await pause(20);
  paris.user.remove('.doc.new');
  await pause(20);
  staging.letGo();
  await converge(cloud, paris);
  expect([...cloud.tree()]).toEqual([['doc', '2']]);
  expect(conflicts()).toEqual([]);
});

test(`saved in every way, again and again (TIDEWAY_SEED=${seed})`, async () => {
  const random = seededRandom(seed);
  const some = (most: number): Promise<void> => pause(randomInt(random, most));
  cloud.hook = () => some(15);
  paris.watch = { schedule: (deliver) => setTimeout(deliver, randomInt(random, 8)) };
  await paris.start();
  const { user } = paris;
  let text = '';
  for (let round = 0; round < rounds; round++) {
    const next = (): string => (text = `${round} ${randomInt(random, 1e6)}`);
    if (round === 0) user.writeFile('doc', next());
    await some(20);
    user.writeFile('doc.tmp', next());
    if (randomInt(random, 2) === 0) await some(10);
    user.rename('doc.tmp', 'doc');
    if (randomInt(random, 2) === 0) await some(10);
    user.rename('doc', 'doc~');
    if (randomInt(random, 2) === 0) await some(10);
    user.writeFile('doc', next());
    if (randomInt(random, 2) === 0) await some(10);
    user.remove('doc~');
    user.writeFile('.doc.new', next());
    if (randomInt(random, 2) === 0) await some(10);
    await paris.volume.exchange('.doc.new', 'doc');
    if (randomInt(random, 2) === 0) await some(10);
    user.remove('.doc.new');
    if (randomInt(random, 2) === 0) user.appendFile('doc', ((text += ' more'), ' more'));
    expect([round, Buffer.from(user.read('doc')).toString()]).toEqual([round, text]);
  }
  await converge(cloud, paris);
  expect([...cloud.tree()]).toEqual([['doc', text]]);
  expect(conflicts()).toEqual([]);
}, 60_000);
