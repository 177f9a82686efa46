import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import { ShareServiceClient } from '@azure/storage-file-share';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { must } from '../../lib/base/errors.ts';
import { until } from '../measure/arrival.ts';
import { runToEnd, startAll, whenReady } from './spawned.ts';
import type { Place, Running, System } from './system.ts';

const root = path.join(import.meta.dirname, '../..');
const command = path.join(root, 'bin/tideway');
const startMs = 120_000;

const dataOf = (place: Place): string => path.join(place.dir, 'data');

/** `profiles`: a directory in which each process leaves a profile of its life when it ends. */
export function tideway(profiles?: string): System {
  const env = profiles === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profiles}` };
  return {
    name: 'tideway',
    version: async () => {
      const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
      const commit = await runToEnd('git', ['-C', root, 'rev-parse', '--short', 'HEAD']).catch(() => '');
      return `Tideway ${version} ${commit.trim()}`.trim();
    },
    prepare: () => Promise.resolve(),
    start: (place): Promise<Running> => startTideway(place, startMs, env),
    sitePids: (place) => [...rolesOf(place)].flatMap(([pid, role]) => (role.startsWith('agent') ? [pid] : [])),
    edit: async (place, name, content) => {
      const text = await runToEnd(command, ['env', '--data', dataOf(place)]);
      const settings = parseEnv(text) as Record<string, string>;
      const setting = (key: string): string => must(settings[key], key);
      const share = ShareServiceClient.fromConnectionString(setting('AZURE_STORAGE_CONNECTION_STRING')).getShareClient(
        setting('TIDEWAY_SHARE'),
      );
      await share.rootDirectoryClient.getFileClient(name).uploadData(content);
      const topic = new EventGridPublisherClient(
        setting('EVENTGRID_TOPIC_ENDPOINT'),
        'CloudEvent',
        new AzureKeyCredential(setting('EVENTGRID_TOPIC_KEY')),
        { allowInsecureConnection: true },
      );
      await topic.send([{ type: 'Tideway.ShareChanged', source: '/bench', data: { path: name } }]);
    },
  };
}

/**
 * Starts a hub, or starts it again; resolves when it is ready. `meanwhile` begins at once, and is waited for: with very many
 * files, being ready takes long.
 */
export async function startTideway(
  place: Place,
  timeoutMs: number,
  env: Readonly<Record<string, string>> = {},
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<Running> {
  const sites = place.sites.flatMap((site) => ['--site', `${path.basename(site)}=${site}`]);
  const logs = path.join(place.dir, 'logs');
  const log = path.join(logs, 'tideway.log');
  const before = existsSync(log) ? readFileSync(log, 'utf8').length : 0;
  const running = startAll(logs, [{ program: command, args: ['up', '--data', dataOf(place), ...sites], env }]);
  const ready = until('tideway to be ready', 20, timeoutMs, () => {
    const said = readFileSync(log, 'utf8').slice(before);
    if (running.pids().length === 0) throw new Error(`tideway ended at its start: ${said}`);
    return /^ready /m.test(said);
  });
  return whenReady(running, Promise.all([ready, meanwhile()]));
}

/** Role (and site) of each process of a running hub, by pid. */
export function rolesOf(place: Place): ReadonlyMap<number, string> {
  const { processes } = JSON.parse(readFileSync(path.join(dataOf(place), 'hub.json'), 'utf8')) as {
    processes: readonly { role: string; site?: string; pid: number }[];
  };
  return new Map(processes.map(({ role, site, pid }) => [pid, site === undefined ? role : `${role}-${site}`]));
}
