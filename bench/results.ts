// What a run leaves: one JSON line about the run, and one for each work of each system in each round.
import { appendFileSync, readFileSync } from 'node:fs';
import { z } from 'zod';

export const resultShape = z.object({
  kind: z.literal('result'),
  work: z.string(),
  system: z.string(),
  /** From 1. */
  round: z.number(),
  figures: z.record(z.string(), z.number()),
  /** Why there are no figures. */
  error: z.string().optional(),
  /** Load average when it ended. */
  load: z.number(),
  at: z.string(),
});
export type Result = z.infer<typeof resultShape>;

export const runShape = z.object({
  kind: z.literal('run'),
  at: z.string(),
  command: z.string(),
  machine: z.object({
    processors: z.string(),
    memoryGiB: z.number(),
    kernel: z.string(),
    fileSystem: z.string(),
    node: z.string(),
  }),
  rounds: z.number(),
  tree: z.object({ files: z.number(), size: z.number(), directories: z.number() }),
  idleFiles: z.number(),
  largeBytes: z.number(),
  /** By name. */
  versions: z.record(z.string(), z.string()),
  /** Wanted, but not to be had, and why. */
  missing: z.record(z.string(), z.string()),
});
export type Run = z.infer<typeof runShape>;

export interface Results {
  readonly run: Run;
  readonly results: readonly Result[];
}

export function append(file: string, line: Run | Result): void {
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

/** Several files are one run in parts: of what they say about the run the last one counts. */
export function read(files: readonly string[]): Results {
  const lines = files.flatMap((file) => readFileSync(file, 'utf8').split('\n').filter(Boolean));
  const parsed = lines.map((line) => z.discriminatedUnion('kind', [resultShape, runShape]).parse(JSON.parse(line)));
  const runs = parsed.filter((line) => line.kind === 'run');
  const run = runs.at(-1);
  if (run === undefined) throw new Error(`${files.join(', ')}: no line says what run this is`);
  const versions = Object.assign({}, ...runs.map((each) => each.versions)) as Record<string, string>;
  return { run: { ...run, versions }, results: parsed.filter((line) => line.kind === 'result') };
}
