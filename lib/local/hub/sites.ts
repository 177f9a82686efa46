// The sites of a hub: enrolled once, each an agent process of its own.
import { accessSync, constants, existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { configPath, readConfig, type AgentConfig } from '../../agent/process/config.ts';
import { TidewayError, codeOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { enrolAnswer } from '../../protocol/api.ts';
import { makeSigningKeys, publicKeyOf } from '../../protocol/message.ts';
import { Child } from './child.ts';
import { askFunctions } from './functions-api.ts';
import { writeWhole } from './write-whole.ts';

export interface SiteSpec {
  readonly name: string;
  readonly path: string;
}

const script = path.join(import.meta.dirname, '../../agent/process/main.ts');

/** Before anything starts: a wrong path is said at once. Errors: `site_path_missing`, `site_path_unusable`. */
export function checkSite(site: SiteSpec): void {
  const stat = statSync(site.path, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new TidewayError('site_path_missing', `the directory of site ${site.name} does not exist: ${site.path}`, {
      path: site.path,
      hint: 'Create it, mount it, or correct the path.',
    });
  if (!stat.isDirectory())
    throw new TidewayError('site_path_unusable', `the path of site ${site.name} is not a directory: ${site.path}`, {
      path: site.path,
      hint: 'Name a directory.',
    });
  try {
    accessSync(site.path, constants.R_OK | constants.W_OK | constants.X_OK);
    probeWritable(site.path);
  } catch (error) {
    throw new TidewayError('site_path_unusable', `the directory of site ${site.name} cannot be written: ${site.path}`, {
      path: site.path,
      hint: 'Give this user the right to write there, or mount the volume read-write.',
      cause: error,
    });
  }
}

/** No site may lie in another one, nor hold the data: each would sync what the other writes. Errors: `site_path_overlaps`. */
export function checkApart(sites: readonly SiteSpec[], data: string): void {
  const places = sites.map((site) => ({ ...site, real: realpathSync(site.path) }));
  for (const [index, outer] of places.entries()) {
    const inner = places.find((other, at) => at !== index && isWithin(other.real, outer.real));
    const what =
      inner !== undefined ? `site ${inner.name}` : isWithin(realpathSync(data), outer.real) ? 'the data' : '';
    if (what !== '')
      throw new TidewayError('site_path_overlaps', `the directory of site ${outer.name} holds ${what}: ${outer.path}`, {
        path: outer.path,
        hint: 'Give each site, and --data, a directory outside the others.',
      });
  }
}

function isWithin(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`);
}

/** For root every permission check passes: a read-only or immutable directory shows only when something is made in it. */
function probeWritable(dir: string): void {
  try {
    mkdirSync(path.join(dir, '.tideway'));
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

export interface SiteOptions {
  readonly data: string;
  readonly group: string;
  readonly functionsUrl: string;
  readonly token: string;
  /** What agents need beside the hub's own environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly log: Log;
  onPid(site: string, pid: number | undefined): void;
}

export async function startSite(options: SiteOptions, site: SiteSpec): Promise<Child> {
  const state = path.join(options.data, 'agents', site.name);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  await enrolled(options, site, state);
  const child = new Child({
    site: site.name,
    script,
    args: ['--data', options.data, '--site', site.name, '--state', state],
    env: options.env,
    log: options.log,
    onPid: (pid) => options.onPid(site.name, pid),
  });
  await child.start();
  return child;
}

/**
 * The key is on disk before the backend hears of it: a crash between the two finds the same endpoint again. Asked at every
 * start, because a namespace that was lost answers with another one. Errors: `site_path_changed`, `endpoint_lost`.
 */
async function enrolled(options: SiteOptions, site: SiteSpec, state: string): Promise<void> {
  const { group, functionsUrl: url, token } = options;
  const file = configPath(state);
  const known = existsSync(file) ? readConfig(state) : undefined;
  if (known !== undefined && known.root !== site.path)
    throw new TidewayError('site_path_changed', `site ${site.name} was ${known.root}, now ${site.path} is asked for`, {
      path: site.path,
      hint: 'Give the new directory a site name of its own, or name the old directory.',
    });
  const privateKey = known?.privateKey ?? makeSigningKeys().privateKey;
  const config: AgentConfig = {
    v: 1,
    url,
    group,
    endpoint: known?.endpoint ?? '',
    server: site.name,
    root: site.path,
    privateKey,
  };
  if (known === undefined || known.url !== url) writeWhole(file, JSON.stringify(config, undefined, 2));
  const request = { group, server: site.name, path: site.path, publicKey: publicKeyOf(privateKey) };
  const { endpoint } = enrolAnswer.parse(await askFunctions(`${url}/api/enrol`, token, 'POST', request));
  if (config.endpoint !== '' && config.endpoint !== endpoint)
    throw new TidewayError(
      'endpoint_lost',
      `the namespace does not know site ${site.name} any more: it is another one`,
      {
        path: site.path,
        hint: 'Restore all of the data directory from one backup; see docs/operations.md where there is none.',
      },
    );
  if (config.endpoint !== endpoint) writeWhole(file, JSON.stringify({ ...config, endpoint }, undefined, 2));
}
