// Entries that the port cannot make: the caller makes them, by the kernel or in memory.
import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryFs } from '../../../lib/agent/fs/memory-fs.ts';
import { MemoryUser } from '../../../lib/agent/fs/memory-user.ts';
import type { SiteFs } from '../../../lib/agent/fs/port.ts';

export interface Foreign {
  symlink(fs: SiteFs, target: string, path: string): void;
  fifo(fs: SiteFs, path: string): void;
}

export const kernel: Foreign = {
  symlink: (fs, target, path) => symlinkSync(target, join(fs.root, path)),
  fifo: (fs, path) => void execFileSync('mkfifo', [join(fs.root, path)]),
};

export const memory: Foreign = {
  symlink: (fs, target, path) => user(fs).symlink(target, path),
  fifo: (fs, path) => user(fs).special(path),
};

function user(fs: SiteFs): MemoryUser {
  if (!(fs instanceof MemoryFs)) throw new Error('not a volume in memory');
  return new MemoryUser(fs.volume);
}
