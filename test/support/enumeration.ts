// Enumerations driven step by step: what `tick` and the queue do, without the rest of `tick`.
import { enumerate } from '../../lib/cloud/enumerate/enumerate.ts';
import type { ScanRow } from '../../lib/cloud/enumerate/rows.ts';
import { isOver, scansOf, startScan, type Wish } from '../../lib/cloud/enumerate/start.ts';
import { group, type CloudWorld } from './cloud-world.ts';
import type { Fate } from './life.ts';

export async function begin(world: CloudWorld, wish: Partial<Wish> = {}): Promise<string> {
  const scan = await startScan(world.committer().cloud, group, { kind: 'path', path: '', ...wish });
  return scan.id;
}

export async function scanOf(world: CloudWorld, id: string): Promise<ScanRow> {
  const found = (await scansOf(world.committer().cloud, group)).find(({ scan }) => scan.id === id);
  if (found === undefined) throw new Error(`there is no enumeration ${id}`);
  return found.scan;
}

/** One step by a process of its own; 10 s pass, and the queue is taken. */
export async function step(world: CloudWorld, fate?: Fate): Promise<void> {
  const committer = world.committer(fate);
  await committer.life
    .run(() => enumerate(committer.cloud, group, Number.MAX_SAFE_INTEGER))
    .catch((error: unknown) => {
      if (!committer.life.struck) throw error;
    });
  await world.drain();
  world.clock.advance(10_000);
}

/** Until it is over; `between` is called before each step, with its number. */
export async function finish(
  world: CloudWorld,
  id: string,
  between: (step: number) => void = () => {},
): Promise<ScanRow> {
  for (let count = 0; count < 200; count++) {
    between(count);
    await step(world);
    const scan = await scanOf(world, id);
    if (isOver(scan)) return scan;
  }
  throw new Error(`enumeration ${id} never ends: ${JSON.stringify(await scanOf(world, id))}`);
}

export async function detectAll(world: CloudWorld, wish: Partial<Wish> = {}): Promise<ScanRow> {
  return finish(world, await begin(world, wish));
}
