// The works of the bench of scale, one after the other on the same data.
import { mkdirSync, writeFileSync, existsSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { askHub } from '../../lib/cli/client.ts';
import { until } from '../measure/arrival.ts';
import { startTideway } from '../systems/tideway.ts';
import type { Place } from '../systems/system.ts';
import type { ScaleOptions } from './options.ts';
import { runScans } from './scan.ts';
import { note, takeSample, type Phase, type Sample } from './sample.ts';
import { makeTree } from './tree.ts';

/** Site a, share, site b; and what the databases take of a file. */
const bytesPerFile = 8_000;

export async function runScale(
  options: ScaleOptions,
  dir: string,
  file: string,
  say: (text: string) => void,
): Promise<void> {
  const { files, timeoutMs } = options;
  const place: Place = { dir, sites: [path.join(dir, 'a'), path.join(dir, 'b')] };
  for (const site of place.sites) mkdirSync(site, { recursive: true });
  refuseWithoutRoom(dir, files);
  const mark = (name: string, value: number): void => {
    note(file, { kind: 'mark', name, value });
    say(`${name}: ${Number(value.toPrecision(4))}`);
  };
  const directories = timed(() => makeTree(path.join(dir, 'a'), files, options.filled));
  mark('files', files);
  mark('directories', directories.value);
  mark('made, s', directories.seconds);
  if (options.scanOnly) return runScans(dir, options.rescans, mark);
  const began = performance.now();
  const since = (): number => (performance.now() - began) / 1000;
  const watch = async (phase: Phase, until: (sample: Sample) => boolean): Promise<void> => {
    for (; since() * 1000 < timeoutMs; await pause(options.sampleMs)) {
      const sample = await takeSample(place, phase, since());
      if (sample === undefined) continue;
      note(file, sample);
      say(told(sample));
      if (until(sample)) return;
    }
    throw new Error(`not within ${timeoutMs / 1000} s: ${phase}`);
  };
  const data = path.join(dir, 'data');
  const wait = async (): Promise<void> => {
    await askHub(data, 'POST', `/hub/wait?timeoutMs=${timeoutMs}`, timeoutMs);
  };

  let running = await startTideway(place, timeoutMs, {}, () => watch('first scan', ({ files: { a } }) => a === files));
  try {
    mark('first scan, s', since());
    await watch('first sync', (sample) => sample.files['b'] === files && isStill(sample));
    await wait();
    mark('first sync, s', since());
    for (let round = 1; round <= options.rescans; round++) {
      const scanned = performance.now();
      await askHub(data, 'POST', '/hub/rescan?site=a', timeoutMs);
      const seconds = (performance.now() - scanned) / 1000;
      mark(`rescan ${round}, objects/s`, (files + directories.value) / seconds);
    }
    const waited = performance.now();
    await wait();
    mark('status --wait at rest, s', (performance.now() - waited) / 1000);
    await watch('rest', () => true);
    await running.stop();
    const restarted = performance.now();
    running = await startTideway(place, timeoutMs);
    mark('restart until ready, s', (performance.now() - restarted) / 1000);
    writeFileSync(path.join(dir, 'a', 'after the restart'), 'x');
    await until('a change after the restart', 10, timeoutMs, () =>
      existsSync(path.join(dir, 'b', 'after the restart')),
    );
    mark('restart until a change is there, s', (performance.now() - restarted) / 1000);
    await watch('restart', () => true);
  } finally {
    await running.stop();
  }
}

function isStill({ pending }: Sample): boolean {
  return Object.values(pending).every((count) => count === 0);
}

function told({ phase, at, files, committed, statusMs, memory }: Sample): string {
  const mib = Object.entries(memory).map(([role, bytes]) => `${role} ${Math.round(bytes / 2 ** 20)}`);
  const known = Object.entries(files).map(([site, count]) => `${site} ${count}`);
  return `${phase} ${Math.round(at)} s: ${known.join(', ')}, log ${committed}, status ${statusMs} ms, MiB: ${mib.join(', ')}`;
}

function timed<T>(work: () => T): { readonly value: T; readonly seconds: number } {
  const began = performance.now();
  return { value: work(), seconds: (performance.now() - began) / 1000 };
}

function refuseWithoutRoom(dir: string, files: number): void {
  const { bavail, bsize, ffree } = statfsSync(dir);
  if (bavail * bsize < files * bytesPerFile || ffree < files * 3)
    throw new Error(`${files} files need ${Math.ceil((files * bytesPerFile) / 2 ** 30)} GiB and ${files * 3} inodes`);
}
