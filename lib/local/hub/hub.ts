// The hub, top to bottom: lock, keys, ports, embedded Azure, functions, group, one agent per site, control server.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { TidewayError } from '../../base/errors.ts';
import { jsonLog, type Log } from '../../base/log.ts';
import { rotatingWriter } from '../../base/rotating-log.ts';
import { backupStatus } from './backup.ts';
import { connectionSettings, startAzure, type Azure, type ForeignApp } from './azure.ts';
import type { Child } from './child.ts';
import { openFaults, type HubFaults } from './faults.ts';
import { startControl, type Control } from './control.ts';
import { askFunctions } from './functions-api.ts';
import { choosePorts, named, readHubFile, writeHubFile, type HubFile, type ProcessEntry } from './hub-file.ts';
import { lockData } from './lock.ts';
import { loadSecrets } from './secrets.ts';
import { checkApart, checkSite, startSite, type SiteSpec } from './sites.ts';
import { silentServers } from './silence.ts';
import { writeEnv } from './env-file.ts';

export interface HubOptions {
  readonly data: string;
  readonly sites: readonly SiteSpec[];
  /** The one of earlier starts, or `default`, where it is not given. */
  readonly group?: string | undefined;
  /** Of the control server; chosen once and kept where it is not given. */
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  /** Of Azure Files by https, under a certificate of its own; kept where it is not given, none unless it ever was. */
  readonly httpsPort?: number | undefined;
  /** Settings of the functions, for example `TIDEWAY_STAGING_AGE_SECONDS`. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** For tests: switches for the faults of all services; the seed decides by chance. Not in use, they cost nothing. */
  readonly faultSeed?: number | undefined;
  /** Another app than the functions of this checkout. */
  readonly app?: ForeignApp | undefined;
  /** Aborted: a start that is under way is given up, and what it began is stopped. */
  readonly signal: AbortSignal;
}

interface Parts {
  azure?: Azure;
  control?: Control;
  faults?: HubFaults;
  readonly children: Map<string, Child>;
}

export interface Hub {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Resolves when sync works both ways at every site. Errors are TidewayErrors: `data_in_use`, `port_in_use`,
 * `group_changed`, `site_...`, `state_...`; the signal's reason.
 */
export async function startHub(options: HubOptions): Promise<Hub> {
  const { data, host = '127.0.0.1', signal } = options;
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const lock = lockData(data);
  const parts: Parts = { children: new Map() };
  let file: HubFile | undefined;
  const stop = async (): Promise<void> => {
    await parts.control?.stop();
    await Promise.all([...parts.children.values()].map((child) => child.stop()));
    await parts.azure?.stop();
    await parts.faults?.stop();
    if (file !== undefined) writeHubFile(data, { ...file, pid: 0, processes: [] });
    lock.release();
  };
  try {
    const before = readHubFile(data);
    const group = groupOf(data, before, options.group);
    const sites = mergeSites(before?.sites ?? [], options.sites);
    for (const site of sites) checkSite(site);
    checkApart(sites, data);
    const chosen = before?.ports ?? (await choosePorts(host, options.port));
    const ports = { ...chosen, hub: options.port ?? chosen.hub, https: options.httpsPort ?? chosen.https };
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
    if (options.faultSeed !== undefined) {
      log('hub').warn('fault_switches_open', { seed: options.faultSeed });
      parts.faults = await openFaults(
        data,
        options.faultSeed,
        (role, name) => processes.find((entry) => entry.role === role && entry.site === name)?.pid,
      );
    }
    parts.azure = await startAzure({
      data,
      host,
      ports,
      secrets,
      share,
      log,
      settings: options.settings ?? {},
      faults: parts.faults?.switchboard,
      app: options.app,
      onWorker: (pid) => note('functions', undefined, pid),
    });
    signal.throwIfAborted();
    const functionsUrl = parts.azure.functions.url;
    await askFunctions(`${functionsUrl}/api/groups/${group}?share=${share}`, secrets.token, 'PUT', {});
    writeEnv(data, {
      ...connectionSettings(host, ports, secrets),
      ...parts.azure.https,
      TIDEWAY_SHARE: share,
      TIDEWAY_API: functionsUrl,
    });
    const site = {
      data,
      group,
      functionsUrl,
      token: secrets.token,
      env: parts.azure.env,
      log: log('sites'),
      onPid: (name: string, pid: number | undefined) => note('agent', name, pid),
    };
    for (const spec of sites) {
      signal.throwIfAborted();
      parts.children.set(spec.name, await startSite(site, spec));
    }
    const around = {
      data,
      group,
      host,
      port: ports.hub,
      sites,
      children: parts.children,
      azure: parts.azure,
      backup: () => backupStatus(functionsUrl, group, secrets.token),
      silent: () => silentServers(functionsUrl, group, secrets.token, log('control')),
    };
    parts.control = await named(
      'hub',
      ports.hub,
      startControl({ ...around, token: secrets.token, log: log('control') }),
    );
    await parts.control.ready(signal);
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One data directory holds one group: under another name its share would belong to two. */
function groupOf(data: string, before: HubFile | undefined, given: string | undefined): string {
  if (before === undefined) return given ?? 'default';
  if (given === undefined || given === before.group) return before.group;
  throw new TidewayError('group_changed', `${data} holds group ${before.group}, not ${given}`, {
    path: data,
    hint: 'Leave out --group, or give the other group a data directory of its own.',
  });
}

/** Sites of earlier starts stay; a site may be added at any start. */
function mergeSites(before: readonly SiteSpec[], given: readonly SiteSpec[]): SiteSpec[] {
  const names = new Set(given.map((site) => site.name));
  return [...before.filter((site) => !names.has(site.name)), ...given];
}
