import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ShareClient } from '@azure/storage-file-share';
import { clientOf } from './world.ts';

/** The service on `dir` in a process of its own, to be killed and started again. */
export class Spawned {
  readonly #dir: string;
  #child: ChildProcess | undefined;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** The share `team` of a new process. */
  async start(): Promise<ShareClient> {
    const node = join(import.meta.dirname, '../../../node_modules/.bin/node');
    const script = join(import.meta.dirname, 'child.ts');
    const child = spawn(existsSync(node) ? node : process.execPath, [script, this.#dir]);
    this.#child = child;
    let errors = '';
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    const [url] = (await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error(errors))),
    ])) as [Buffer];
    const share = clientOf(url.toString().trim()).getShareClient('team');
    await share.createIfNotExists();
    return share;
  }

  /** Without a chance to finish anything. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}
