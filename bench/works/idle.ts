// A system at rest with many files: what it takes when nothing happens, and how long it needs after a restart.
import { setTimeout as pause } from 'node:timers/promises';
import { takenBy } from '../measure/processes.ts';
import type { Figures, Stage } from './stage.ts';

export async function idle(stage: Stage): Promise<Figures> {
  const { sizes, place, system } = stage;
  // With so many files the first canary is there long before the last of them is settled.
  if (sizes.restMs > 0) await stage.quiet(sizes.timeoutMs);
  const rest = await stage.measured(async () => {
    await pause(sizes.idleMs);
    return {};
  });
  const memoryMiB = takenBy(stage.pids).memory / 2 ** 20;
  const atSites = takenBy(system.sitePids?.(place) ?? stage.pids).memory / 2 ** 20;
  await stage.stop();
  const began = performance.now();
  // Back at work: a change made now arrives.
  await stage.start();
  const restartSeconds = (performance.now() - began) / 1000;
  await stage.verify();
  return {
    cpuSecondsPerMinute: (rest.cpuSeconds * 60_000) / sizes.idleMs,
    memoryMiB,
    memoryMiBPerSite: atSites / place.sites.length,
    restartSeconds,
    foreignCores: rest.foreignCores,
  };
}
