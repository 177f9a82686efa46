// Syncthing: one instance a site, all connected with each other on loopback, without discovery and relays. It watches, and
// acts 1 s after the last event (its own default is 10 s).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { must } from '../../lib/base/errors.ts';
import { firstLine, freePorts, runToEnd, startAll } from './spawned.ts';
import type { Place, System } from './system.ts';

const env = { STNOUPGRADE: '1', STNODEFAULTFOLDER: '1' };
const homeOf = (place: Place, index: number): string => path.join(place.dir, `home-${index}`);
const homesOf = (place: Place): readonly string[] => place.sites.map((_, index) => homeOf(place, index));

export const syncthing: System = {
  name: 'syncthing',
  version: () => firstLine('syncthing', '--version').then((line) => line.split(' ').slice(0, 2).join(' ')),
  prepare: async (place) => {
    const homes = homesOf(place);
    for (const home of homes)
      await runToEnd('syncthing', ['generate', `--home=${home}`, '--no-default-folder'], { ...env, HOME: place.dir });
    const ids = homes.map((home) => {
      const text = readFileSync(path.join(home, 'config.xml'), 'utf8');
      return must(/<device id="([A-Z0-9-]+)"/.exec(text)?.[1], 'a device of its own');
    });
    const ports = await freePorts(2 * homes.length);
    for (const [index, home] of homes.entries()) {
      const folder = must(place.sites[index], 'a site for each home');
      mkdirSync(path.join(folder, '.stfolder'), { recursive: true });
      writeFileSync(path.join(home, 'config.xml'), configuration(folder, index, ids, ports));
    }
  },
  start: (place) => {
    const options = ['--no-browser', '--no-restart', '--no-upgrade'];
    return Promise.resolve(
      startAll(
        path.join(place.dir, 'logs'),
        homesOf(place).map((home) => ({
          program: 'syncthing',
          args: ['serve', `--home=${home}`, ...options],
          env: { ...env, HOME: place.dir },
        })),
      ),
    );
  },
};

/** Version 36 is the oldest that knows all of these; newer programs migrate it. https://docs.syncthing.net/users/config.html */
function configuration(folder: string, own: number, ids: readonly string[], ports: readonly number[]): string {
  const gui = must(ports[ids.length + own], 'a port for each');
  const members = ids.map((id) => `<device id="${id}"></device>`).join('');
  const devices = ids.map(
    (id, index) => `<device id="${id}" name="s${index}"><address>tcp://127.0.0.1:${ports[index]}</address></device>`,
  );
  const watch = 'type="sendreceive" rescanIntervalS="3600" fsWatcherEnabled="true" fsWatcherDelayS="1"';
  const off = ['globalAnnounceEnabled', 'localAnnounceEnabled', 'relaysEnabled', 'natEnabled', 'startBrowser']
    .concat('crashReportingEnabled', 'setLowPriority')
    .map((name) => `<${name}>false</${name}>`);
  return `<configuration version="36">
<folder id="f" label="f" path="${folder}" ${watch}><minDiskFree unit="%">0</minDiskFree>${members}</folder>
${devices.join('\n')}
<gui enabled="true" tls="false"><address>127.0.0.1:${gui}</address></gui>
<options><listenAddress>tcp://127.0.0.1:${ports[own]}</listenAddress>${off.join('')}
<urAccepted>-1</urAccepted><autoUpgradeIntervalH>0</autoUpgradeIntervalH><reconnectionIntervalS>5</reconnectionIntervalS>
</options>
</configuration>
`;
}
