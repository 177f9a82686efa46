// A CPU profile in a few lines: how long the process worked, in which part of the code, in which functions.
import { z } from 'zod';
import type { Span } from '../works/stage.ts';

const frame = z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() });
const shape = z.object({
  /** Of the machine's monotonic clock, in microseconds. */
  startTime: z.number(),
  nodes: z.array(z.object({ id: z.number(), callFrame: frame })),
  samples: z.array(z.number()),
  /** Microseconds since the sample before. */
  timeDeltas: z.array(z.number()),
});
type Profile = z.infer<typeof shape>;

export interface Summary {
  /** Seconds that were looked at, and those of them in which something ran (or waited for a processor to run on). */
  readonly total: number;
  readonly busy: number;
  /** Seconds by part of the code, and by function, the most first. */
  readonly parts: readonly (readonly [string, number])[];
  readonly functions: readonly (readonly [string, number])[];
}

export function parseProfile(text: string): Profile {
  return shape.parse(JSON.parse(text));
}

/** Of what was sampled between two moments, in microseconds of the same clock as the profile's start. */
export function summaryOf({ nodes, samples, timeDeltas, startTime }: Profile, { from, to }: Span): Summary {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const parts = new Map<string, number>();
  const functions = new Map<string, number>();
  let at = startTime;
  let total = 0;
  let busy = 0;
  for (const [index, id] of samples.entries()) {
    const delta = timeDeltas[index] ?? 0;
    at += delta;
    const seconds = delta / 1e6;
    const found = frames.get(id);
    if (at < from || at > to) continue;
    total += seconds;
    if (found === undefined || found.functionName === '(idle)') continue;
    busy += seconds;
    add(parts, partOf(found), seconds);
    add(functions, nameOf(found), seconds);
  }
  return { total, busy, parts: sorted(parts), functions: sorted(functions) };
}

function add(sums: Map<string, number>, name: string, value: number): void {
  sums.set(name, (sums.get(name) ?? 0) + value);
}

function sorted(sums: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...sums].toSorted(([, a], [, b]) => b - a);
}

/** Our own by folder, others by package, Node by module; what has no file is the machine's: collection, calls of the system. */
function partOf({ url, functionName }: z.infer<typeof frame>): string {
  const inPackage = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (inPackage !== undefined) return inPackage;
  const own = /\/((?:lib|functions|native)\/(?:[^/]+\/)*)[^/]+$/.exec(url)?.[1];
  if (own !== undefined) return own.replace(/\/$/, '');
  if (url.startsWith('node:')) return url.split('/').slice(0, 2).join('/');
  return url === '' ? functionName || '(native)' : url;
}

function nameOf({ functionName, url, lineNumber }: z.infer<typeof frame>): string {
  const file = /(?:\/(?:lib|node_modules)\/|^node:)(.*)$/.exec(url)?.[1] ?? url;
  return `${functionName || '(anonymous)'}${file === '' ? '' : ` ${file}:${lineNumber + 1}`}`;
}

const shown = 10;

export function described(name: string, { total, busy, parts, functions }: Summary): string {
  const lines = (all: Summary['parts']): string[] =>
    all.slice(0, shown).map(([what, seconds]) => `    ${seconds.toFixed(2).padStart(7)} s  ${what}`);
  return [
    `  ${name}: worked ${busy.toFixed(2)} of ${total.toFixed(2)} s`,
    '   by part',
    ...lines(parts),
    '   by function',
    ...lines(functions),
  ].join('\n');
}
