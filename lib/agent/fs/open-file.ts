// An open file over a descriptor: Node's own calls, all on pool threads. What Node lacks is passed in.
import { close, fchmod, fstat, fsync, ftruncate, read, write, type BigIntStats } from 'node:fs';
import { promisify } from 'node:util';
import { kindOf } from './binding.ts';
import type { FileStat, ReadFile, WriteFile } from './port.ts';

type SetTimes = (fd: number, mtimeNs: bigint) => Promise<void>;
type NextData = (fd: number, offset: number) => Promise<number>;

const calls = {
  close: promisify(close),
  fchmod: promisify(fchmod),
  fsync: promisify(fsync),
  ftruncate: promisify(ftruncate),
  read: promisify(read),
  write: promisify(write),
};

export class OpenFile implements ReadFile, WriteFile {
  readonly #fd: number;
  readonly #setTimes: SetTimes;
  readonly #nextData: NextData;
  #closed = false;

  /** Owns `fd` from now on. */
  constructor(fd: number, setTimes: SetTimes, nextData: NextData = (_, offset) => Promise.resolve(offset)) {
    this.#fd = fd;
    this.#setTimes = setTimes;
    this.#nextData = nextData;
  }

  async stat(): Promise<FileStat> {
    return statOf(await statFd(this.#fd));
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const buffer = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await calls.read(this.#fd, buffer, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }

  nextData(offset: number): Promise<number> {
    return this.#nextData(this.#fd, offset);
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const left = bytes.length - written;
      written += (await calls.write(this.#fd, bytes, written, left, offset + written)).bytesWritten;
    }
  }

  truncate(size: number): Promise<void> {
    return calls.ftruncate(this.#fd, size);
  }

  chmod(mode: number): Promise<void> {
    return calls.fchmod(this.#fd, mode);
  }

  utimes(mtimeNs: bigint): Promise<void> {
    return this.#setTimes(this.#fd, mtimeNs);
  }

  /** Not fdatasync: mtime and mode belong to what was written. */
  sync(): Promise<void> {
    return calls.fsync(this.#fd);
  }

  /** A second close is no error: the number may by then be another file's. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await calls.close(this.#fd);
  }
}

export function statOf(stats: BigIntStats): FileStat {
  const mode = Number(stats.mode);
  return {
    kind: kindOf(mode),
    size: Number(stats.size),
    mode: mode & 0o7777,
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    dev: stats.dev,
    ino: stats.ino,
    bornNs: stats.birthtimeNs,
    links: Number(stats.nlink),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
  };
}

export function statFd(fd: number): Promise<BigIntStats> {
  return new Promise((resolve, reject) => {
    fstat(fd, { bigint: true }, (error, stats) => (error === null ? resolve(stats) : reject(error)));
  });
}
