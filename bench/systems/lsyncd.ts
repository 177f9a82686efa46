// lsyncd with rsync: one way only, from the first site to the others, through an rsync server on loopback.
import { mkdirSync, writeFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { firstLine, freePorts, listening, startAll, whenReady } from './spawned.ts';
import type { System } from './system.ts';

export const lsyncd: System = {
  name: 'lsyncd',
  version: async () => {
    const rsync = /version (\S+)/.exec(await firstLine('rsync', '--version'))?.[1] ?? '';
    const own = /[\d.]+/.exec(await firstLine('lsyncd', '-version'))?.[0] ?? '';
    return `lsyncd ${own} with rsync ${rsync}, one way`;
  },
  prepare: async (place) => {
    const [port = 0] = await freePorts(1);
    const [first = '', ...others] = place.sites;
    mkdirSync(place.dir, { recursive: true });
    const syncs = others.map(
      (
        site,
      ) => `sync { default.rsync, source = "${first}", target = "rsync://127.0.0.1:${port}/${path.basename(site)}/",
  delay = 1, delete = true, rsync = { archive = true, whole_file = false } }`,
    );
    const settings = 'settings { nodaemon = true, inotifyMode = "CloseWrite or Modify" }';
    writeFileSync(path.join(place.dir, 'lsyncd.lua'), [settings, ...syncs].join('\n'));
    const user = process.getuid?.() === 0 ? 'uid = root\ngid = root\n' : '';
    const modules = others.map((site) => `[${path.basename(site)}]\npath = ${site}\nread only = false\n`);
    const server = `use chroot = no\n${user}address = 127.0.0.1\nport = ${port}\nlog file = /dev/null\n`;
    writeFileSync(path.join(place.dir, 'rsyncd.conf'), server + modules.join(''));
    writeFileSync(path.join(place.dir, 'port'), String(port));
  },
  start: async (place) => {
    const logs = path.join(place.dir, 'logs');
    const config = path.join(place.dir, 'rsyncd.conf');
    const server = startAll(logs, [{ program: 'rsync', args: ['--daemon', '--no-detach', `--config=${config}`] }]);
    await whenReady(server, listening(Number(readFileSync(path.join(place.dir, 'port'), 'utf8'))));
    const client = startAll(logs, [{ program: 'lsyncd', args: [path.join(place.dir, 'lsyncd.lua')] }]);
    return {
      pids: () => [...server.pids(), ...client.pids()],
      stop: async () => {
        await client.stop();
        await server.stop();
      },
    };
  },
};
