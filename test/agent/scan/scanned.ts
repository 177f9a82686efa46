// Full scans of a site in memory, and what is known after them beside what is there.
import { expect } from '@jest/globals';
import { InParts } from '../../../lib/agent/scan/in-parts.ts';
import { lookAtOldPlaces } from '../../../lib/agent/scan/old-places.ts';
import { MemoryFs } from '../../../lib/agent/fs/memory-fs.ts';
import { MemoryUser } from '../../../lib/agent/fs/memory-user.ts';
import { Problems } from '../../../lib/agent/problems.ts';
import { record, type Recorded } from '../../../lib/agent/scan/record.ts';
import { newRound } from '../../../lib/agent/scan/round.ts';
import { Shown } from '../../../lib/agent/apply/shown.ts';
import type { State } from '../../../lib/agent/state/state.ts';
import { Touched } from '../../../lib/agent/scan/touched.ts';
import { Walk, type WalkOptions } from '../../../lib/agent/scan/walk.ts';
import { randomInt, type Random } from '../../../lib/base/random.ts';
import { rootId } from '../../../lib/core/node.ts';

/** One full scan, as the scanner makes it. Answers the sizes of what was recorded at once. */
export async function scan(
  fs: MemoryFs,
  state: State,
  size?: number,
  over: Partial<WalkOptions> = {},
): Promise<readonly number[]> {
  const touched = new Touched();
  const round = newRound(touched.scan());
  const sizes: number[] = [];
  const onRecorded = ({ changed }: Recorded): void => void sizes.push(changed.length);
  expect(InParts.suits(state)).toBe(size !== undefined);
  const parts = size === undefined ? undefined : new InParts(state, touched, onRecorded, size);
  const walk = new Walk(
    {
      fs,
      state,
      parts,
      excluded: () => false,
      problems: new Problems(),
      shown: new Shown(fs, undefined),
      now: () => Date.now(),
      watch: { add: () => Promise.resolve(), close: () => Promise.resolve() },
      looks: new Map(),
      hears: true,
      onHardLink: () => {},
      root: undefined,
      ...over,
    },
    round,
  );
  await walk.everything();
  await lookAtOldPlaces(state, touched, walk, round);
  onRecorded(state.now(() => record(state, touched, round)));
  return sizes;
}

/** Path, kind, inode and size of all that the local tree has, in order. */
export function known(state: State): readonly string[] {
  const out: string[] = [];
  const enter = (id: string, at: string): void => {
    for (const { id: child, name, kind, inode, size } of state.localChildren(id)) {
      out.push(`${at}${name} ${kind} ${inode} ${size}`);
      if (kind === 'directory') enter(child, `${at}${name}/`);
    }
  };
  enter(rootId, '');
  return out.toSorted();
}

/** Inodes of directories that the local tree has more than once. */
export function twice(state: State): readonly string[] {
  const inodes = known(state).flatMap((line) => / directory (\S+) /.exec(line)?.[1] ?? []);
  return inodes.filter((inode, at) => inodes.indexOf(inode) !== at);
}

export async function onDisk(fs: MemoryFs): Promise<readonly string[]> {
  const out: string[] = [];
  const enter = async (dir: string): Promise<void> => {
    for (const { name, stat } of await fs.list(dir)) {
      const path = dir === '' ? name : `${dir}/${name}`;
      const { kind, dev, ino, size } = stat;
      out.push(`${path} ${kind} ${dev}:${ino} ${kind === 'directory' ? 0 : size}`);
      if (kind === 'directory') await enter(path);
    }
  };
  await enter('');
  return out.toSorted();
}

export function makeSite(random: Random): { fs: MemoryFs; user: MemoryUser; names: string[] } {
  const fs = new MemoryFs(() => 1_700_000_000_000_000_000n);
  const user = new MemoryUser(fs.volume);
  const directories = [''];
  const names: string[] = [];
  for (let at = 0; at < 40; at++) {
    const dir = directories[randomInt(random, directories.length)] ?? '';
    const path = dir === '' ? `n${at}` : `${dir}/n${at}`;
    const dice = randomInt(random, 10);
    if (dice < 3) {
      user.mkdir(path);
      directories.push(path);
    } else user.writeFile(path, 'x'.repeat(at));
    names.push(path);
  }
  return { fs, user, names };
}
