// rclone bisync, run again and again with a pause of 1 s, against each further site over SFTP (a server of our own on
// loopback, as this user, with keys made for it).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { must } from '../../lib/base/errors.ts';
import { firstLine, freePorts, listening, runToEnd, startAll, whenReady } from './spawned.ts';
import type { Place, Running, System } from './system.ts';

/** What newer ones have to be told so that directories are synced too, older ones do under another name. */
async function optionsOf(): Promise<readonly string[]> {
  const help = await runToEnd('rclone', ['bisync', '--help']);
  const known = ['--create-empty-src-dirs', '--remove-empty-dirs', '--resilient', '--recover'].filter((option) =>
    new RegExp(`${option}\\s`).test(help),
  );
  return ['--transfers', '16', '--checkers', '16', '--force', '-q', ...known];
}

const configOf = (place: Place): string => path.join(place.dir, 'rclone.conf');
const sshd = '/usr/sbin/sshd';

/** What it trips over (a file that was written meanwhile, an empty side) it wants to have answered with a new beginning. */
const again = `trap 'kill $(jobs -p) 2>/dev/null; exit' TERM
while :; do
  rclone "$@" & wait $! || { rclone "$@" --resync & wait $!; }
  sleep 1 & wait $!
done`;

/** Of one pair of sites: local path, remote one, and where bisync keeps its listings. */
function pairsOf(place: Place): readonly (readonly [string, string, string])[] {
  const [first, ...others] = place.sites;
  return others.map((site, index) => [must(first, 'a site'), `s:${site}`, path.join(place.dir, `work-${index}`)]);
}

export const rclone: System = {
  name: 'rclone',
  polls: true,
  version: async () => {
    await firstLine(sshd, '-V').catch((error: unknown) => {
      // Older ones do not know the option, and say so after their version: only one that is not there counts.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw error;
    });
    return `${await firstLine('rclone', 'version')} bisync`;
  },
  prepare: async (place) => {
    const [port = 0] = await freePorts(1);
    const keys = path.join(place.dir, 'ssh');
    mkdirSync(keys, { recursive: true, mode: 0o700 });
    for (const name of ['host', 'user'])
      await runToEnd('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(keys, name)]);
    const lines = {
      ListenAddress: '127.0.0.1',
      Port: port,
      HostKey: path.join(keys, 'host'),
      AuthorizedKeysFile: path.join(keys, 'user.pub'),
      StrictModes: 'no',
      UsePAM: 'no',
      PidFile: 'none',
      Subsystem: 'sftp internal-sftp',
      MaxStartups: 200,
      MaxSessions: 200,
    };
    writeFileSync(
      path.join(keys, 'sshd_config'),
      Object.entries(lines)
        .map((line) => `${line.join(' ')}\n`)
        .join(''),
    );
    const remote = {
      type: 'sftp',
      host: '127.0.0.1',
      port,
      user: userInfo().username,
      key_file: path.join(keys, 'user'),
    };
    const more = { shell_type: 'none', disable_hashcheck: 'true' };
    const text = Object.entries({ ...remote, ...more }).map(([name, value]) => `${name} = ${value}\n`);
    writeFileSync(configOf(place), `[s]\n${text.join('')}`);
    // It takes a side without any file for one that was lost.
    writeFileSync(path.join(place.sites[0] ?? '', 'first.txt'), 'something to begin with\n');
    const server = await startServer(place, port);
    const options = await optionsOf();
    const env = { RCLONE_CONFIG: configOf(place), HOME: place.dir };
    try {
      for (const [local, other, work] of pairsOf(place))
        await runToEnd('rclone', ['bisync', local, other, '--workdir', work, ...options, '--resync'], env);
    } finally {
      await server.stop();
    }
    writeFileSync(path.join(place.dir, 'port'), String(port));
  },
  start: async (place) => {
    const server = await startServer(place, Number(readFileSync(path.join(place.dir, 'port'), 'utf8')));
    const options = await optionsOf();
    const loops = startAll(
      path.join(place.dir, 'logs'),
      pairsOf(place).map(([local, other, work]) => ({
        program: 'sh',
        args: ['-c', again, 'rclone', 'bisync', local, other, '--workdir', work, ...options],
        env: { RCLONE_CONFIG: configOf(place), HOME: place.dir },
      })),
    );
    return {
      pids: () => [...server.pids(), ...loops.pids()],
      stop: async () => {
        await loops.stop();
        await server.stop();
      },
    };
  },
};

async function startServer(place: Place, port: number): Promise<Running> {
  const config = path.join(place.dir, 'ssh', 'sshd_config');
  const server = startAll(path.join(place.dir, 'logs'), [{ program: sshd, args: ['-D', '-e', '-f', config] }]);
  return whenReady(server, listening(port));
}
