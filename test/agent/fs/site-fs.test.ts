import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryUser } from '../../../lib/agent/fs/memory-user.ts';
import { MemoryFs } from '../../../lib/agent/fs/memory-fs.ts';
import type { SiteFs } from '../../../lib/agent/fs/port.ts';
import { contract, type Foreign } from './contract.ts';
import { memorySite, nativeSite, nodeSite } from './site.ts';

const kernel: Foreign = {
  symlink: (fs, target, path) => symlinkSync(target, join(fs.root, path)),
  fifo: (fs, path) => void execFileSync('mkfifo', [join(fs.root, path)]),
};

const memory: Foreign = {
  symlink: (fs, _target, path) => user(fs).special(path, 'symlink'),
  fifo: (fs, path) => user(fs).special(path, 'other'),
};

contract('native', nativeSite, kernel);
contract('node', nodeSite, kernel);
contract('memory', memorySite, memory);

function user(fs: SiteFs): MemoryUser {
  if (!(fs instanceof MemoryFs)) throw new Error('not a volume in memory');
  return new MemoryUser(fs.volume);
}
