// Somebody's functions app, as its folder describes it. Its local.settings.json says where its connections lead; those
// that mean an emulator lead to ours, so that the app runs unchanged.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { TidewayError, messageOf } from '../../base/errors.ts';

const settingsFile = z.object({
  IsEncrypted: z.boolean().optional(),
  Values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});

export interface LocalApp {
  readonly dir: string;
  /** The path of host.json: a change of it takes effect while the host runs. */
  readonly hostJson: string;
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * `connections` are the settings of the services that run. Errors: `app_invalid`, naming the file.
 */
export function readApp(
  dir: string,
  connections: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string | undefined>>,
): LocalApp {
  const hostJson = path.join(dir, 'host.json');
  for (const file of [hostJson, path.join(dir, 'package.json')])
    if (!existsSync(file)) throw invalid(file, 'is missing', 'Name the folder of a functions app with --app.');
  return { dir, hostJson, settings: settingsOf(valuesOf(dir), connections, environment) };
}

/** What the host itself says to its workers, or what is no setting of an app. */
const notSettings = /^(WEBSITE_HOSTNAME|FUNCTIONS_WORKER_RUNTIME|AzureWebJobsScriptRoot|NO_PROXY|NODE_COMPILE_CACHE)$/i;

/**
 * The environment counts before the file, as with Core Tools. `UseDevelopmentStorage=true` and strings with
 * `UseDevelopmentEmulator=true` become ours, and `%NAME%` of one of `connections` its value.
 */
export function settingsOf(
  values: Readonly<Record<string, string>>,
  connections: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const storage = connections['AZURE_STORAGE_CONNECTION_STRING'];
  const bus = connections['SERVICEBUS_CONNECTION_STRING'];
  const translate = (value: string): string => {
    if (storage !== undefined && /^UseDevelopmentStorage=true;?$/i.test(value.trim())) return storage;
    if (bus !== undefined && /(^|;)\s*UseDevelopmentEmulator=true/i.test(value)) return bus;
    return value.replace(/%([^%]+)%/g, (whole, name: string) => connections[name] ?? whole);
  };
  const settings: Record<string, string> = storage === undefined ? {} : { AzureWebJobsStorage: storage };
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined && !notSettings.test(name)) settings[name] = translate(value);
  // Under these names others reach the services too: a real account that stands in the environment is not meant.
  Object.assign(settings, connections);
  for (const [name, value] of Object.entries(values)) settings[name] = translate(environment[name] ?? value);
  return settings;
}

function valuesOf(dir: string): Record<string, string> {
  const file = path.join(dir, 'local.settings.json');
  if (!existsSync(file)) return {};
  let parsed: z.infer<typeof settingsFile>;
  try {
    parsed = settingsFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw invalid(file, `cannot be read: ${messageOf(error)}`, 'It needs {"Values": {"NAME": "value"}}.');
  }
  if (parsed.IsEncrypted === true) throw invalid(file, 'is encrypted', 'Decrypt it first: func settings decrypt.');
  const values = Object.fromEntries(Object.entries(parsed.Values ?? {}).map(([name, value]) => [name, String(value)]));
  const runtime = values['FUNCTIONS_WORKER_RUNTIME'] ?? 'node';
  if (runtime !== 'node')
    throw invalid(file, `is of an app for ${runtime}`, 'Apps for Node.js run here, and no others.');
  return values;
}

function invalid(file: string, what: string, hint: string): TidewayError {
  return new TidewayError('app_invalid', `${file} ${what}`, { path: file, hint });
}
