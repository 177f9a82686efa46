import path from 'node:path';
import type { HubOptions } from '../local/hub/hub.ts';
import type { SiteSpec } from '../local/hub/sites.ts';
import { numberOption, parseOptions } from './options.ts';
import { UsageError, exit } from './usage.ts';

/** Below the 10 s that a stop may take. */
const stopMs = 8_000;

export async function up(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(
    args,
    {
      site: { type: 'string', multiple: true },
      group: { type: 'string' },
      port: { type: 'string' },
      'https-port': { type: 'string' },
    },
    0,
  );
  const sites = parsed.list('site').map(siteSpec);
  return run({
    data: parsed.data,
    sites,
    group: groupName(parsed.text('group')),
    port: numberOption(parsed, 'port', 1, 65_535),
    httpsPort: numberOption(parsed, 'https-port', 1, 65_535),
  });
}

/** Ages and waits of the backend may be set for a try or a test: everything named TIDEWAY_..._SECONDS. */
function settings(): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env))
    if (/^TIDEWAY_[A-Z_]+_SECONDS$/.test(name) && value !== undefined) out[name] = value;
  if (process.env['TIDEWAY_TICK'] !== undefined) out['TIDEWAY_TICK'] = process.env['TIDEWAY_TICK'];
  return out;
}

/** TIDEWAY_FAULTS=<seed> opens the fault switches: for tests, never for work. */
function faultSeed(): number | undefined {
  const text = process.env['TIDEWAY_FAULTS'];
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}

/** Runs a hub until it is told to stop; `onReady` may say more than the one line. */
export async function run(
  options: Omit<HubOptions, 'settings' | 'signal'>,
  onReady?: (url: string) => void,
): Promise<number> {
  const told = new AbortController();
  const ending = new Promise<void>((resolve) => told.signal.addEventListener('abort', () => resolve(), { once: true }));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => told.abort());
  try {
    const { startHub } = await import('../local/hub/hub.ts');
    const hub = await startHub({ ...options, settings: settings(), faultSeed: faultSeed(), signal: told.signal });
    process.stdout.write(`ready ${hub.url}\n`);
    onReady?.(hub.url);
    await ending;
    // Whatever hangs: all state survives the death of its process, and every child ends with this one.
    const late = setTimeout(() => process.exit(exit.done), stopMs);
    await hub.stop();
    clearTimeout(late);
  } catch (error) {
    if (error !== told.signal.reason) throw error;
  }
  return exit.done;
}

function groupName(text: string | undefined): string | undefined {
  // Also a share's name: https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-shares--directories--files--and-metadata
  if (text === undefined || /^[a-z0-9](?:[a-z0-9]|-(?!-)){1,61}[a-z0-9]$/.test(text)) return text;
  throw new UsageError(
    'group_invalid',
    `--group ${text} is no name of a group`,
    'Use 3 to 63 lower-case letters and digits, with single hyphens in between.',
  );
}

function siteSpec(text: string): SiteSpec {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(equals, 0));
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(name) || equals === text.length - 1)
    throw new UsageError(
      'site_invalid',
      `--site ${text} is not NAME=DIR`,
      'For example --site paris=/srv/files; a name has letters, digits, - _ and . only.',
    );
  return { name, path: path.resolve(text.slice(equals + 1)) };
}
