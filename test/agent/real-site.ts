// A site on a real directory, without the flushes: a busy machine's disk may take many seconds for one, and what they are
// for is tested elsewhere.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { openSiteFs } from '../../lib/agent/fs/open-site.ts';
import type { SiteFs } from '../../lib/agent/fs/port.ts';
import { watchOf } from '../../lib/agent/fs/watch.ts';
import type { Clock } from '../../lib/base/clock.ts';
import type { FakeCloud } from '../support/fake-backend.ts';
import { instead } from '../model/instead.ts';
import { TestSite } from './rig.ts';

export class RealSite {
  readonly root: string;
  /** The kernel's. */
  fs: SiteFs;
  readonly site: TestSite;
  /** Calls that are made otherwise; replaceable at any time. */
  readonly over: Partial<SiteFs> = {};
  readonly #stateFile: string;

  private constructor(cloud: FakeCloud, name: string, fs: SiteFs, stateFile: string) {
    this.root = fs.root;
    this.fs = fs;
    this.site = new TestSite(cloud, name);
    this.#stateFile = stateFile;
  }

  /** Of a directory that exists; the agent's state is in `base`. */
  static async open(cloud: FakeCloud, name: string, root: string, base: string): Promise<RealSite> {
    return new RealSite(cloud, name, await openSiteFs(root), path.join(base, `${name}.db`));
  }

  async start(clock?: Clock): Promise<void> {
    const { fs } = this;
    const unflushed: Partial<SiteFs> = {
      sync: () => Promise.resolve(),
      syncPaths: (paths) => Promise.all(paths.map((each) => fs.stat(each))),
    };
    const over = instead(instead(fs, unflushed), this.over);
    await this.site.start({ fs: over, startWatch: watchOf(fs), stateFile: this.#stateFile, clock });
  }

  /** What is at its path now, as a process would see it that starts now. */
  async reopen(): Promise<void> {
    await this.stop();
    await this.fs.close();
    this.fs = await openSiteFs(this.root);
  }

  async stop(): Promise<void> {
    await this.site.agent?.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.fs.close();
  }

  path(name: string): string {
    return path.join(this.root, name);
  }
}

/** Two sites of one group, each in a new directory of `base`, running. They are in `sites` at once: its owner disposes of them. */
export async function startSites(cloud: FakeCloud, base: string, sites: RealSite[]): Promise<void> {
  for (const name of ['paris', 'tokyo']) {
    mkdirSync(path.join(base, name));
    const site = await RealSite.open(cloud, name, path.join(base, name), base);
    sites.push(site);
    await site.start();
  }
}
