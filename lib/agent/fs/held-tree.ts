// Paths without openat2: one name at a time, each opened relative to the directory before it by way of
// /proc/self/fd, so that a name swapped for a symbolic link meanwhile is refused and not followed.
import { close, constants, open } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { codeOf } from '../../base/errors.ts';
import { pathOnly } from './binding.ts';
import { systemError } from './errors.ts';
import { checkPath, splitPath, toBytes } from './names.ts';
import { statFd } from './open-file.ts';

const directoryFlags = pathOnly | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const openFd = promisify(open);
const closeFd = promisify(close);

export class HeldTree {
  readonly fd: number;
  readonly #device: bigint;

  private constructor(fd: number, device: bigint) {
    this.fd = fd;
    this.#device = device;
  }

  /** Owns `fd`, open on the root directory. Errors: ENOENT where /proc is not mounted. */
  static async over(fd: number): Promise<HeldTree> {
    const { dev } = await lstat(nameIn(fd, '.'), { bigint: true });
    return new HeldTree(fd, dev);
  }

  /** Runs `use` with a name for `path` that stays right while `use` runs; '' is the root where `root` allows it. */
  async with<T>(path: string, syscall: string, use: (name: Buffer) => Promise<T>, root = false): Promise<T> {
    checkPath(path, syscall, root);
    const { parent, leaf } = splitPath(path);
    const name = path === '' ? '.' : toBytes(leaf);
    return this.#at(parent, path, syscall, (fd) => use(nameIn(fd, name)));
  }

  /** The same for a directory itself, which must be one. */
  async inside<T>(dir: string, syscall: string, use: (name: Buffer) => Promise<T>): Promise<T> {
    checkPath(dir, syscall, true);
    return this.#at(dir, dir, syscall, (fd) => use(nameIn(fd, '.')));
  }

  async #at<T>(dir: string, path: string, syscall: string, use: (fd: number) => Promise<T>): Promise<T> {
    if (dir === '') return use(this.fd);
    const fd = await this.#descend(dir, path, syscall);
    try {
      return await use(fd);
    } finally {
      await closeFd(fd);
    }
  }

  async #descend(dir: string, path: string, syscall: string): Promise<number> {
    let fd = this.fd;
    for (const component of dir.split('/')) {
      const name = nameIn(fd, toBytes(component));
      try {
        const next = await this.#enter(name, path, syscall);
        if (fd !== this.fd) await closeFd(fd);
        fd = next;
      } catch (error) {
        if (fd !== this.fd) await closeFd(fd);
        throw error;
      }
    }
    return fd;
  }

  async #enter(name: Buffer, path: string, syscall: string): Promise<number> {
    const fd = await openFd(name, directoryFlags).catch(async (error: unknown) => {
      const link = codeOf(error) === 'ENOTDIR' && (await lstat(name)).isSymbolicLink();
      throw link ? systemError('ELOOP', syscall, path) : renamed(error, syscall, path);
    });
    if ((await statFd(fd)).dev === this.#device) return fd;
    await closeFd(fd);
    throw systemError('EXDEV', syscall, path);
  }
}

/** The same error about the path its caller knows. */
export function renamed(error: unknown, syscall: string, path: string, dest?: string): Error {
  const code = codeOf(error);
  if (/^E[A-Z0-9]+$/.test(code)) return systemError(code, syscall, path, dest);
  return error instanceof Error ? error : new Error(String(error));
}

function nameIn(fd: number, leaf: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), Buffer.from(leaf)]);
}
