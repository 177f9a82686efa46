// What can be seen of a running hub from outside while it is at work: what each agent knows, memory, databases.
import { appendFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { codeOf } from '../../lib/base/errors.ts';
import { askHub } from '../../lib/cli/client.ts';
import { load } from '../machine.ts';
import { takenBy } from '../measure/processes.ts';
import { rolesOf } from '../systems/tideway.ts';
import type { Place } from '../systems/system.ts';

const status = z.object({
  groups: z.array(
    z.object({
      endpoints: z.array(
        z.object({
          server: z.string(),
          state: z.string(),
          files: z.number(),
          cursor: z.number(),
          pendingUploads: z.number(),
          pendingDownloads: z.number(),
          problems: z.array(z.unknown()),
        }),
      ),
    }),
  ),
});

export type Phase = 'first scan' | 'first sync' | 'rescan' | 'restart' | 'rest';

export interface Sample {
  readonly kind: 'sample';
  readonly phase: Phase;
  /** Seconds since the hub was started first. */
  readonly at: number;
  /** By site: files that the agent knows at its own side. */
  readonly files: Readonly<Record<string, number>>;
  readonly pending: Readonly<Record<string, number>>;
  readonly problems: number;
  /** Load average of the last minute: what else goes on here counts in every figure. */
  readonly load: number;
  /** Changes in the log, as far as the agents have read it. */
  readonly committed: number;
  /** How long the hub took to tell. */
  readonly statusMs: number;
  /** Bytes by role. */
  readonly memory: Readonly<Record<string, number>>;
  /** CPU seconds since each was started, by role. */
  readonly cpu: Readonly<Record<string, number>>;
  /** Bytes of each database, with what is beside it. */
  readonly databases: Readonly<Record<string, number>>;
}

/** One number that was taken as a whole. */
export interface Mark {
  readonly kind: 'mark';
  readonly name: string;
  readonly value: number;
}

export type Line = Sample | Mark;

export function note(file: string, line: Line): void {
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

const statusMs = 120_000;

/** Undefined while the hub does not answer: it is starting. */
export async function takeSample(place: Place, phase: Phase, at: number): Promise<Sample | undefined> {
  const data = path.join(place.dir, 'data');
  const began = performance.now();
  let answer: unknown;
  try {
    answer = await askHub(data, 'GET', '/hub/status', statusMs);
  } catch (error) {
    if (['hub_down', 'hub_unknown'].includes(codeOf(error))) return undefined;
    throw error;
  }
  const told = performance.now() - began;
  const endpoints = status.parse(answer).groups.flatMap((group) => group.endpoints);
  const by = <T>(value: (each: (typeof endpoints)[number]) => T): Record<string, T> =>
    Object.fromEntries(endpoints.map((each) => [each.server, value(each)]));
  const roles = [...rolesOf(place)].map(([pid, role]) => ({ role, taken: takenBy([pid]) }));
  // The hub's descendants count with it: its own is what is left.
  const alone = (role: string, what: 'cpu' | 'memory'): number => {
    const others = role === 'hub' ? roles.filter((each) => each.role !== 'hub') : [];
    const own = roles.find((each) => each.role === role)?.taken[what] ?? 0;
    return own - others.reduce((sum, each) => sum + each.taken[what], 0);
  };
  return {
    kind: 'sample',
    phase,
    at,
    files: by((each) => each.files),
    pending: by((each) => each.pendingUploads + each.pendingDownloads),
    load: load(),
    problems: endpoints.reduce((sum, each) => sum + each.problems.length, 0),
    committed: Math.max(0, ...endpoints.map((each) => each.cursor)),
    statusMs: Math.round(told),
    memory: Object.fromEntries(roles.map(({ role }) => [role, alone(role, 'memory')])),
    cpu: Object.fromEntries(roles.map(({ role }) => [role, alone(role, 'cpu')])),
    databases: databasesOf(data),
  };
}

function databasesOf(data: string): Record<string, number> {
  const sizes: Record<string, number> = {};
  for (const name of readdirSync(data, { recursive: true, encoding: 'utf8' })) {
    const [, base] = /^(.*\.db)(-wal|-shm)?$/.exec(name) ?? [];
    if (base === undefined) continue;
    const size = statSync(path.join(data, name), { throwIfNoEntry: false })?.size ?? 0;
    sizes[base] = (sizes[base] ?? 0) + size;
  }
  return sizes;
}
