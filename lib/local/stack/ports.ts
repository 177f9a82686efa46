// Ports of the services: from --port on, in their order; else as this data directory had them; else free ones.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { freePorts } from '../hub/hub-file.ts';
import { parseFile } from '../hub/secrets.ts';
import { writeWhole } from '../hub/write-whole.ts';

/** What listens, in the order in which ports are counted. */
export const listeners = ['files', 'tables', 'servicebus', 'eventgrid', 'functions', 'https'] as const;
export type Listener = (typeof listeners)[number];
export type Ports = Readonly<Partial<Record<Listener, number>>>;

const kept = z.object({ v: z.literal(1), ports: z.partialRecord(z.enum(listeners), z.number()) });

export interface Chosen {
  readonly ports: Ports;
  /** None was asked for or told before: where somebody was faster, others do as well. */
  readonly any: boolean;
}

export async function choosePorts(
  data: string,
  host: string,
  wanted: readonly Listener[],
  first: number | undefined,
): Promise<Chosen> {
  if (first !== undefined)
    return { ports: Object.fromEntries(wanted.map((name, index) => [name, first + index])), any: false };
  const before = read(data);
  const missing = wanted.filter((name) => before[name] === undefined);
  // One that is kept for a service which does not run now may look free.
  const taken = new Set(Object.values(before));
  const found = await freePorts(host, missing.length + taken.size);
  const free = found.filter((port) => !taken.has(port));
  const ports = Object.fromEntries(wanted.map((name) => [name, before[name] ?? free[missing.indexOf(name)] ?? 0]));
  return { ports, any: missing.length === wanted.length };
}

/** The next start on this directory takes the same ones, so that connection strings stay true. */
export function keepPorts(data: string, ports: Ports): void {
  writeWhole(fileOf(data), `${JSON.stringify({ v: 1, ports: { ...read(data), ...ports } })}\n`);
}

function read(data: string): Ports {
  const file = fileOf(data);
  if (!existsSync(file)) return {};
  return parseFile(file, kept, 'Remove it: ports are chosen anew, nothing else is lost.').ports;
}

function fileOf(data: string): string {
  return path.join(data, 'local.json');
}
