// Many small files: copied into a site while it is watched, moved with their directory, deleted.
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { until, untilTree, bytesAt } from '../measure/arrival.ts';
import { bytesFrom } from '../measure/tree.ts';
import { runToEnd } from '../systems/spawned.ts';
import type { Figures, Stage } from './stage.ts';

const seconds = (from: number, to: number): number => (to - from) / 1000;

/** From the first file written here until all files are at the others: what a user sees who copies a directory. */
export async function bulk(stage: Stage): Promise<Figures> {
  const { here, others, sizes, seeds } = stage;
  const figures = await stage.measured(async () => {
    const began = performance.now();
    const copying = runToEnd('cp', ['-r', path.join(seeds, 'tree'), path.join(here, 'tree')]);
    const copied = copying.then(() => performance.now());
    const arrived = others.map((site) => untilTree(path.join(site, 'tree'), sizes.tree, sizes.timeoutMs));
    const ended = Math.max(...(await Promise.all(arrived)));
    return { seconds: seconds(began, ended), copySeconds: seconds(began, await copied) };
  });
  return { ...figures, ...(await stage.verify()) };
}

/** From the rename of the directory until all files are under the new name, and nothing under the old one. */
export async function rename(stage: Stage): Promise<Figures> {
  const { here, others, sizes } = stage;
  const figures = await stage.measured(async () => {
    const began = performance.now();
    renameSync(path.join(here, 'tree'), path.join(here, 'moved'));
    const moved = others.map(async (site) => {
      const there = await untilTree(path.join(site, 'moved'), sizes.tree, sizes.timeoutMs);
      const old = path.join(site, 'tree');
      return Math.max(there, await until(`${old} to be gone`, 20, sizes.timeoutMs, () => !existsSync(old)));
    });
    return { seconds: seconds(began, Math.max(...(await Promise.all(moved)))) };
  });
  return { ...figures, ...(await stage.verify()) };
}

/** From the end of the user's own `rm` until the directory is gone at the others. */
export async function remove(stage: Stage): Promise<Figures> {
  const { here, others, sizes } = stage;
  const figures = await stage.measured(async () => {
    const began = performance.now();
    // Some systems still tidy up the directory while it is removed: what is gone already is no error.
    await runToEnd('rm', ['-rf', path.join(here, 'moved')]);
    const removed = performance.now();
    const gone = others.map((site) => {
      const there = path.join(site, 'moved');
      return until(`${there} to be gone`, 20, sizes.timeoutMs, () => !existsSync(there));
    });
    const ended = Math.max(...(await Promise.all(gone)));
    return { seconds: Math.max(0, seconds(removed, ended)), rmSeconds: seconds(began, removed) };
  });
  return { ...figures, ...(await stage.verify()) };
}

/** From the close of a new file of 1 KiB until it is whole at the others; at moments that fall together with no timer. */
export async function small(stage: Stage): Promise<Figures> {
  const { here, others, sizes } = stage;
  const next = bytesFrom('small');
  const took: number[] = [];
  const figures = await stage.measured(async () => {
    for (let index = 0; index < sizes.samples; index++) {
      const name = `small-${index}`;
      const content = Buffer.from(next(512).toString('hex'));
      writeFileSync(path.join(here, name), content);
      const began = performance.now();
      const there = others.map((site) =>
        until(`${name} at ${site}`, 2, sizes.timeoutMs, () => isThere(path.join(site, name), content)),
      );
      took.push(seconds(began, Math.max(...(await Promise.all(there)))));
      await pause(sizes.pauseMs * (0.7 + (next(1)[0] ?? 0) / 255));
    }
    const sorted = took.toSorted((a, b) => a - b);
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
    return { p50: at(0.5), p95: at(0.95) };
  });
  return { ...figures, ...(await stage.verify()) };
}

function isThere(file: string, content: Buffer): boolean {
  return bytesAt(file, 0, content.length)?.equals(content) === true;
}

/** A file put on the share itself, and announced, until it is at all sites. */
export async function announced(stage: Stage): Promise<Figures> {
  const { place, sizes, system } = stage;
  const content = bytesFrom('announced')(4096);
  const figures = await stage.measured(async () => {
    const began = performance.now();
    await system.edit?.(place, 'announced.bin', content);
    const told = performance.now();
    const there = place.sites.map((site) =>
      until(`announced.bin at ${site}`, 5, sizes.timeoutMs, () => isThere(path.join(site, 'announced.bin'), content)),
    );
    return { seconds: seconds(told, Math.max(...(await Promise.all(there)))), editSeconds: seconds(began, told) };
  });
  return { ...figures, ...(await stage.verify()) };
}
