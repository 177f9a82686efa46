// One large file: moved in whole, then changed a little in its middle.
import { closeSync, openSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';
import { bytesAt, sizeOf, until } from '../measure/arrival.ts';
import { bytesFrom } from '../measure/tree.ts';
import { runToEnd } from '../systems/spawned.ts';
import type { Figures, Stage } from './stage.ts';

const name = 'large.bin';
const patchBytes = 4096;
const probes = 64;

/** From the moment it stands here whole (its copying is not counted) until it is whole at the others. */
export async function large(stage: Stage): Promise<Figures> {
  const { here, others, place, seeds, sizes } = stage;
  const waiting = path.join(place.dir, name);
  const seed = path.join(seeds, name);
  await runToEnd('cp', ['--reflink=never', seed, waiting]);
  await runToEnd('sync', ['-f', waiting]);
  const figures = await stage.measured(async () => {
    const began = performance.now();
    renameSync(waiting, path.join(here, name));
    const there = others.map((site) => {
      const file = path.join(site, name);
      return until(`${name} at ${site}`, 20, sizes.timeoutMs, () => isWhole(file, seed, sizes.largeBytes));
    });
    const seconds = (Math.max(...(await Promise.all(there))) - began) / 1000;
    return { seconds, megabytesPerSecond: sizes.largeBytes / 1e6 / seconds };
  });
  return { ...figures, ...(await stage.verifyFile(name)) };
}

/** A system that writes in place has the size before it has the bytes: some of them are looked at, from everywhere in it. */
function isWhole(file: string, seed: string, size: number): boolean {
  if (sizeOf(file) !== size) return false;
  const length = Math.min(512, size);
  return Array.from({ length: probes }, (_, index) => Math.floor(((size - length) * index) / (probes - 1))).every(
    (offset) => bytesAt(file, offset, length)?.equals(bytesAt(seed, offset, length) ?? Buffer.alloc(0)) === true,
  );
}

/** From the close of the file, of which 4 KiB in the middle were written, until the others have them. */
export async function patch(stage: Stage): Promise<Figures> {
  const { here, others, sizes } = stage;
  const content = bytesFrom('patch')(patchBytes);
  const offset = Math.floor(sizes.largeBytes / 2 / patchBytes) * patchBytes;
  const figures = await stage.measured(async () => {
    const began = performance.now();
    const fd = openSync(path.join(here, name), 'r+');
    writeSync(fd, content, 0, patchBytes, offset);
    closeSync(fd);
    const there = others.map((site) => {
      const file = path.join(site, name);
      const isThere = (): boolean => bytesAt(file, offset, patchBytes)?.equals(content) === true;
      return until(`the change of ${name} at ${site}`, 20, sizes.timeoutMs, isThere);
    });
    return { seconds: (Math.max(...(await Promise.all(there))) - began) / 1000 };
  });
  return { ...figures, ...(await stage.verifyFile(name)) };
}
