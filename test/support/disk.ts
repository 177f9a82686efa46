// A disk of a test's own: a journalled ext4 in a file, mounted by the kernel's loop driver. What a test asks of a file
// system (numbers given again at once, a full disk, a volume that goes away) then does not hang on the machine's disk.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Why no disk can be made here; undefined where it can. */
export const noDisk: string | undefined =
  process.getuid?.() !== 0
    ? 'mounting needs root'
    : existsSync('/usr/sbin/mkfs.ext4')
      ? undefined
      : 'mkfs.ext4 is not installed (Debian package e2fsprogs)';

/** For the name of what cannot run then. */
export const whyNoDisk = noDisk === undefined ? '' : ` (${noDisk})`;

export interface Disk {
  /** Where it is mounted. */
  readonly mountPoint: string;
  /** Takes it away at once, open files or not, as a pulled cable does. */
  readonly unmount: () => void;
  readonly mount: () => void;
  /** The same over another directory. */
  readonly mountAt: (dir: string) => void;
  readonly unmountAt: (dir: string) => void;
}

/** Makes and mounts a disk of `bytes` in `dir`, which must exist; the caller unmounts it. */
export function makeDisk(dir: string, bytes: number): Disk {
  const [image, mountPoint] = [path.join(dir, 'disk.img'), path.join(dir, 'disk')];
  const run = (command: string, ...args: readonly string[]): Buffer => execFileSync(command, args, { stdio: 'pipe' });
  writeFileSync(image, '');
  truncateSync(image, bytes);
  run('/usr/sbin/mkfs.ext4', '-q', '-F', '-O', 'has_journal', image);
  mkdirSync(mountPoint);
  const disk: Disk = {
    mountPoint,
    unmount: () => disk.unmountAt(mountPoint),
    mount: () => disk.mountAt(mountPoint),
    mountAt: (at) => run('mount', '-o', 'loop', image, at),
    unmountAt: (at) => run('umount', '--lazy', at),
  };
  disk.mount();
  return disk;
}
