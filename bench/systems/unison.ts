// Unison: a server at each further site, and for each of them a client at the first one, which watches (through
// fsmonitor.ts, where the package brings no monitor).
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { firstLine, freePorts, listening, startAll, whenReady } from './spawned.ts';
import type { System } from './system.ts';

export const unison: System = {
  name: 'unison',
  version: () => firstLine('unison', '-version').then((line) => line.replace(/ \(.*/, '')),
  prepare: (place) => {
    const bin = path.join(place.dir, 'bin');
    mkdirSync(bin, { recursive: true });
    const monitor = path.join(bin, 'unison-fsmonitor');
    const script = path.join(import.meta.dirname, 'fsmonitor.ts');
    writeFileSync(monitor, `#!/bin/sh\nexec '${process.execPath}' '${script}'\n`);
    chmodSync(monitor, 0o755);
    // Two roots of which one is empty could be one whose disk is not mounted: it refuses to begin with that.
    for (const site of place.sites) writeFileSync(path.join(site, 'first.txt'), 'both have it\n');
    return Promise.resolve();
  },
  start: async (place) => {
    const [first, ...others] = place.sites;
    // New ones at each start: it cannot bind one that was just in use. Its archives are named without them.
    const ports = await freePorts(others.length);
    const logs = path.join(place.dir, 'logs');
    const env = (of: string): NodeJS.ProcessEnv => {
      const archives = path.join(place.dir, `archives-${of}`);
      mkdirSync(archives, { recursive: true });
      return { UNISON: archives, HOME: place.dir, PATH: `${path.join(place.dir, 'bin')}:${process.env['PATH']}` };
    };
    const servers = startAll(
      logs,
      others.map((_, index) => ({
        program: 'unison',
        args: ['-socket', String(ports[index]), '-listen', '127.0.0.1'],
        env: env(`server-${index}`),
      })),
    );
    await whenReady(servers, Promise.all(ports.map((port) => listening(port))));
    const options = ['-ui', 'text', '-batch', '-auto', '-times', '-confirmbigdel=false', '-log=false'];
    const clients = startAll(
      logs,
      others.map((site, index) => ({
        program: 'unison',
        args: [first ?? '', `socket://127.0.0.1:${ports[index]}/${site}`, ...options, '-repeat', 'watch'],
        env: env(`client-${index}`),
      })),
    );
    return {
      pids: () => [...servers.pids(), ...clients.pids()],
      stop: async () => {
        await clients.stop();
        await servers.stop();
      },
    };
  },
};
