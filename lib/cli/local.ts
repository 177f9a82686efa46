// `tideway local`: the embedded services without sync, for the tests of any project.
import path from 'node:path';
import { jsonLog, type Log } from '../base/log.ts';
import { rotatingWriter } from '../base/rotating-log.ts';
import { dotenv } from '../local/hub/env-file.ts';
import { type ServiceName, serviceNames } from '../local/stack/services.ts';
import { numberOption, parseOptions, type Parsed } from './options.ts';
import { UsageError, exit } from './usage.ts';

const options = {
  only: { type: 'string' },
  port: { type: 'string' },
  app: { type: 'string' },
  topology: { type: 'string' },
  'time-scale': { type: 'string' },
} as const;

export async function local(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(args, options, 0);
  const app = parsed.text('app');
  const services = servicesOf(parsed.text('only'), app !== undefined);
  const port = numberOption(parsed, 'port', 1, 65_535 - serviceNames.length);
  const timeScale = scaleOf(parsed);
  const { startStack } = await import('../local/stack/stack.ts');
  const { emptyTopology, readTopology } = await import('../local/stack/topology.ts');
  const { temporaryFolder } = await import('../local/stack/folder.ts');
  const topology = parsed.text('topology');
  const data = parsed.text('data') === undefined ? temporaryFolder(Date.now()) : parsed.data;
  let stopping = false;
  const told = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      // Told a second time it waits for nobody: all state survives the death of its process.
      if (stopping) process.exit(exit.done);
      stopping = true;
      told.resolve();
    });
  const stack = await startStack({
    data,
    services,
    port,
    app: app === undefined ? undefined : path.resolve(app),
    topology: topology === undefined ? emptyTopology : readTopology(topology),
    timeScale,
    faultSeed: /^\d+$/.test(process.env['TIDEWAY_FAULTS'] ?? '') ? Number(process.env['TIDEWAY_FAULTS']) : undefined,
    environment: process.env,
    log: logOf(data),
  });
  for (const problem of stack.problems) process.stderr.write(`tideway: ${problem}\n`);
  process.stdout.write(parsed.json ? `${JSON.stringify(stack.settings)}\n` : dotenv(stack.settings));
  process.stdout.write(`ready ${stack.url}\n`);
  await told.promise;
  await stack.stop();
  return exit.done;
}

function servicesOf(only: string | undefined, withApp: boolean): ReadonlySet<ServiceName> {
  if (only === undefined)
    return new Set(serviceNames.filter((name) => withApp || (name !== 'functions' && name !== 'durable')));
  const chosen = only.split(',').map((text) => {
    const name = serviceNames.find((known) => known === text.trim());
    if (name !== undefined) return name;
    throw new UsageError('option_invalid', `--only ${text} is no service`, `There are ${serviceNames.join(', ')}.`);
  });
  const needsApp = chosen.includes('functions') || chosen.includes('durable');
  if (needsApp !== withApp)
    throw new UsageError(
      'option_invalid',
      needsApp ? 'functions and durable need an app' : '--app needs functions among --only',
      'Name the folder of the app: --app DIR --only functions,...',
    );
  return new Set(chosen);
}

function scaleOf(parsed: Parsed): number {
  const text = parsed.text('time-scale');
  if (text === undefined) return 1;
  const scale = Number(text);
  if (scale > 0 && scale <= 1) return scale;
  throw new UsageError(
    'option_invalid',
    `--time-scale ${text} is not above 0 and at most 1`,
    '0.01 is an hour in 36 s.',
  );
}

/** Everything to DIR/logs; what functions print, and what goes wrong, also to stderr. */
function logOf(data: string): (part: string) => Log {
  const write = rotatingWriter(path.join(data, 'logs'), 'local');
  return (part) => {
    const log = jsonLog(part, write, () => Date.now());
    if (part !== 'functions') return log;
    const both =
      (level: keyof Log, least: RegExp): Log[keyof Log] =>
      (event, fields = {}) => {
        log[level](event, fields);
        if (least.test(String(fields['category'])))
          process.stderr.write(`[${level}] ${String(fields['category'])}: ${String(fields['message'])}\n`);
      };
    const apps = /^(Function\.|Host\.Function\.Console)/;
    return { debug: both('debug', apps), info: both('info', apps), warn: both('warn', /./), error: both('error', /./) };
  };
}
