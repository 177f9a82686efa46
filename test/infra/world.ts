// Everything that has to fit together, read once: what the templates resolve to, and what the code, host.json and the sample
// of settings name. The rules (rules.ts) are functions of it, so that a test can plant a drift.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { variants } from '../../infra/sources.ts';

const root = path.join(import.meta.dirname, '../..');
const read = (name: string): string => readFileSync(path.join(root, name), 'utf8');
const json = (name: string): unknown => JSON.parse(read(name));

// Values that are known at run time only stand in a snapshot as expressions: `[reference(...)]`.
const resource = z.object({
  id: z.string(),
  type: z.string(),
  name: z.string(),
  apiVersion: z.string(),
  kind: z.string().optional(),
  location: z.string().optional(),
  sku: z.record(z.string(), z.unknown()).optional(),
  tags: z.record(z.string(), z.string()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
});
export type Resource = z.infer<typeof resource>;

const snapshot = z.object({
  predictedResources: z.array(resource),
  diagnostics: z.array(z.unknown()),
  outputs: z.record(z.string(), z.unknown()).optional(),
});
export type Snapshot = z.infer<typeof snapshot>;

const queue = z.object({ name: z.string(), requiresSession: z.boolean() }).loose();
const topic = z
  .object({ name: z.string(), slots: z.object({ prefix: z.string(), count: z.number() }).loose() })
  .loose();
const topology = z.object({
  serviceBus: z.object({ queues: z.array(queue), topics: z.array(topic) }),
  tables: z.array(z.string()),
  eventGrid: z.object({
    queue: z.string(),
    topic: z.string(),
    subscriptions: z.array(
      z.object({ name: z.string(), function: z.string(), includedEventTypes: z.array(z.string()) }),
    ),
  }),
});

export interface Code {
  /** Names of settings that are read, in code, bindings and host.json. */
  readonly settings: readonly string[];
  readonly connections: readonly string[];
  readonly functions: readonly string[];
  readonly queues: readonly string[];
  readonly topics: readonly string[];
  readonly tables: readonly string[];
  readonly eventTypes: readonly string[];
  readonly slotPrefixes: readonly string[];
  /** Names of the records that alerts read, and of what grows in them. */
  readonly vitals: readonly string[];
}

export interface World {
  readonly snapshots: Readonly<Record<(typeof variants)[number]['name'], Snapshot>>;
  readonly topology: z.infer<typeof topology>;
  readonly hostJson: Readonly<Record<string, unknown>>;
  readonly sample: Readonly<Record<string, string>>;
  readonly roles: Readonly<Record<string, string>>;
  readonly code: Code;
}

export function readWorld(): World {
  const resolved = variants.map(({ name }) => [name, snapshot.parse(json(`infra/variants/${name}.snapshot.json`))]);
  const roles = z.record(z.string(), z.unknown()).parse(json('infra/roles.json'));
  return {
    snapshots: Object.fromEntries(resolved) as World['snapshots'],
    topology: topology.parse(json('infra/topology.json')),
    hostJson: z.record(z.string(), z.unknown()).parse(json('host.json')),
    sample: z.object({ Values: z.record(z.string(), z.string()) }).parse(json('local.settings.sample.json')).Values,
    roles: Object.fromEntries(
      Object.entries(roles).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
    code: readCode(),
  };
}

/** By their texts, as whoever reads the code finds them; all are literals there. */
function readCode(): Code {
  const folders = ['functions', 'lib/azure', 'lib/cloud'];
  const names = folders.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name}`),
  );
  const text = [...names, 'host.json'].map(read).join('\n');
  const all = (pattern: RegExp): string[] =>
    [...new Set(Array.from(text.matchAll(pattern), (match) => match[1] ?? ''))].toSorted();
  return {
    settings: all(/\b((?:TIDEWAY|AZURE|EVENTGRID|SERVICEBUS|IDENTITY)_[A-Z][A-Z_]*[A-Z](?:__[a-zA-Z]+)?)\b/g),
    connections: all(/connection: '([^']+)'/g),
    functions: all(/(?:app\.\w+|\broute|\b(?:orchestration|activity|entity))\(\s*'([^']+)'/g),
    queues: all(/(?:[qQ]ueue|queueName)\s*[:=]\s*'([^']+)'/g),
    topics: all(/[tT]opic\s*[:=]\s*'([^']+)'/g),
    tables: all(/[tT]able\s*[:=]\s*'([^']+)'/g),
    eventTypes: all(/'(Tideway\.[A-Z]\w+)'/g),
    slotPrefixes: all(/`(site-)\$\{/g),
    vitals: [...all(/event: '(tideway\.\w+)'/g), ...all(/\b(\w+Seconds)\b/g)],
  };
}
