// The hub, top to bottom: lock, keys, ports, embedded Azure, functions, group, one agent per site, control server.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { jsonLog, type Log } from '../../base/log.ts';
import { rotatingWriter } from '../../base/rotating-log.ts';
import { connectionSettings, startAzure, type Azure } from './azure.ts';
import type { Child } from './child.ts';
import { startControl, type Control } from './control.ts';
import { choosePorts, named, readHubFile, writeHubFile, type HubFile, type ProcessEntry } from './hub-file.ts';
import { lockData } from './lock.ts';
import { loadSecrets } from './secrets.ts';
import { checkSite, post, startSite, type SiteSpec } from './sites.ts';
import { writeEnv } from './env-file.ts';

export interface HubOptions {
  readonly data: string;
  readonly sites: readonly SiteSpec[];
  readonly group: string;
  /** Of the control server; chosen once and kept where it is not given. */
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  /** Settings of the functions, for example `TIDEWAY_STAGING_AGE_SECONDS`. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

export interface Hub {
  readonly url: string;
  stop(): Promise<void>;
}

/** Resolves when sync works both ways at every site. Errors are TidewayErrors: `data_in_use`, `port_in_use`, `site_...`, `state_...`. */
export async function startHub(options: HubOptions): Promise<Hub> {
  const { data, group, host = '127.0.0.1' } = options;
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const lock = lockData(data);
  const parts: { azure?: Azure; control?: Control; children: Map<string, Child> } = { children: new Map() };
  let file: HubFile | undefined;
  const stop = async (): Promise<void> => {
    await parts.control?.stop();
    await Promise.all([...parts.children.values()].map((child) => child.stop()));
    await parts.azure?.stop();
    if (file !== undefined) writeHubFile(data, { ...file, pid: 0, processes: [] });
    lock.release();
  };
  try {
    const before = readHubFile(data);
    const sites = mergeSites(before?.sites ?? [], options.sites);
    for (const site of sites) checkSite(site);
    const ports =
      before === undefined
        ? await choosePorts(host, options.port)
        : { ...before.ports, hub: options.port ?? before.ports.hub };
    const secrets = loadSecrets(data);
    const share = before?.share ?? group;
    const url = `http://${host}:${ports.hub}`;
    const write = rotatingWriter(path.join(data, 'logs'), 'hub');
    const log = (part: string): Log => jsonLog(part, write, () => Date.now());
    const processes: ProcessEntry[] = [{ role: 'hub', pid: process.pid }];
    const note = (role: string, site: string | undefined, pid: number | undefined): void => {
      const at = processes.findIndex((entry) => entry.role === role && entry.site === site);
      if (at >= 0) processes.splice(at, 1);
      if (pid !== undefined) processes.push({ role, ...(site === undefined ? {} : { site }), pid });
      if (file !== undefined) writeHubFile(data, (file = { ...file, processes: [...processes] }));
    };
    file = { v: 1, url, pid: process.pid, host, ports, group, share, sites, processes: [...processes] };
    writeHubFile(data, file);
    parts.azure = await startAzure({
      data,
      host,
      ports,
      secrets,
      share,
      log,
      settings: options.settings ?? {},
      onWorker: (pid) => note('functions', undefined, pid),
    });
    const functionsUrl = parts.azure.functions.url;
    await post(`${functionsUrl}/api/groups/${group}?share=${share}`, secrets.token, 'PUT', {});
    writeEnv(data, { ...connectionSettings(host, ports, secrets), TIDEWAY_SHARE: share, TIDEWAY_API: functionsUrl });
    const site = {
      data,
      group,
      functionsUrl,
      token: secrets.token,
      log: log('sites'),
      onPid: (name: string, pid: number | undefined) => note('agent', name, pid),
    };
    for (const spec of sites) parts.children.set(spec.name, await startSite(site, spec));
    const around = {
      data,
      group,
      host,
      port: ports.hub,
      sites,
      children: parts.children,
      functions: parts.azure.functions,
    };
    parts.control = await named(
      'hub',
      ports.hub,
      startControl({ ...around, token: secrets.token, log: log('control') }),
    );
    await parts.control.ready();
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Sites of earlier starts stay; a site may be added at any start. */
function mergeSites(before: readonly SiteSpec[], given: readonly SiteSpec[]): SiteSpec[] {
  const names = new Set(given.map((site) => site.name));
  return [...before.filter((site) => !names.has(site.name)), ...given];
}
