import { z } from 'zod';
import { askHub } from './client.ts';
import { numberOption, parseOptions } from './options.ts';
import { exit } from './usage.ts';

const endpoint = z.object({
  server: z.string(),
  path: z.string(),
  state: z.string(),
  cursor: z.number(),
  inSyncAsOf: z.string().nullable(),
  pendingUploads: z.number(),
  pendingDownloads: z.number(),
  files: z.number(),
  silentSince: z.string().nullable(),
  problems: z.array(z.object({ path: z.string(), code: z.string(), message: z.string() })),
  conflicts: z.array(z.object({ path: z.string() }).loose()),
  halt: z.object({ code: z.string(), message: z.string() }).optional(),
});
const backup = z.object({
  lastSuccessAt: z.string().nullable(),
  nextRunAt: z.string().nullable(),
  problems: z.array(z.object({ code: z.string(), message: z.string() })),
});
const counters = z.record(z.string(), z.record(z.string(), z.number()));
const answer = z.object({
  wait: z.enum(['in_sync', 'timed_out', 'halted']).optional(),
  groups: z.array(
    z
      .object({
        name: z.string(),
        committedSeq: z.number(),
        endpoints: z.array(endpoint.loose()),
        backup: backup.loose(),
      })
      .loose(),
  ),
  /** By service of the embedded Azure; each agent's own are with its endpoint. */
  counters: counters.optional(),
});
type Answer = z.infer<typeof answer>;

export async function status(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(args, { wait: { type: 'boolean' }, timeout: { type: 'string' } }, 0);
  const seconds = numberOption(parsed, 'timeout', 1, 1_000_000) ?? 300;
  const waiting = parsed.flag('wait');
  const call = waiting
    ? askHub(parsed.data, 'POST', `/hub/wait?timeoutMs=${seconds * 1000}`, seconds * 1000 + 10_000)
    : askHub(parsed.data, 'GET', '/hub/status', 30_000);
  const value = answer.parse(await call);
  const { wait, ...rest } = value;
  process.stdout.write(parsed.json ? `${JSON.stringify(rest)}\n` : render(value));
  return wait === undefined || wait === 'in_sync' ? exit.done : exit.waiting;
}

function render(value: Answer): string {
  const lines: string[] = [];
  for (const group of value.groups) {
    lines.push(`group ${group.name}, ${group.committedSeq} changes`);
    lines.push(...backupLines(group.backup));
    for (const each of group.endpoints) {
      const pending = `${each.pendingUploads} up, ${each.pendingDownloads} down`;
      lines.push(
        `  ${each.server.padEnd(12)} ${each.state.padEnd(9)} ${each.files} files, pending ${pending}  ${each.path}`,
      );
      if (each.silentSince !== null) lines.push(`    silent since ${each.silentSince}: see whether the server runs`);
      if (each.halt !== undefined) lines.push(`    halted: ${each.halt.code}: ${each.halt.message}`);
      for (const problem of each.problems.slice(0, 10))
        lines.push(`    ${problem.code}: ${problem.path} ${problem.message}`);
      if (each.problems.length > 10)
        lines.push(`    and ${each.problems.length - 10} more problems (--json shows all)`);
      if (each.conflicts.length > 0)
        lines.push(`    ${each.conflicts.length} conflict copies (tideway conflicts lists them)`);
    }
  }
  if (value.wait !== undefined) lines.push(waited[value.wait]);
  return `${lines.join('\n')}\n`;
}

/** Nothing where nobody asked for backups. */
function backupLines({ lastSuccessAt, nextRunAt, problems }: z.infer<typeof backup>): readonly string[] {
  const when = [
    ...(lastSuccessAt === null ? [] : [`last ${lastSuccessAt}`]),
    ...(nextRunAt === null ? [] : [`next ${nextRunAt}`]),
  ];
  const told = problems.map(({ code, message }) => `    ${code}: ${message}`);
  return when.length + told.length === 0 ? [] : [`  backup: ${when.join(', ') || 'none'}`, ...told];
}

const waited = {
  in_sync: 'in sync',
  timed_out: 'not in sync in time: what is pending stands above',
  halted: 'halted: remove the cause, then tideway endpoint resume',
} as const;

/** Conflict copies that are still there. */
export async function conflicts(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(args, {}, 0);
  const value = answer.parse(await askHub(parsed.data, 'GET', '/hub/status', 30_000));
  const found = value.groups.flatMap((group) =>
    group.endpoints.flatMap((each) => each.conflicts.map((conflict) => ({ server: each.server, ...conflict }))),
  );
  if (parsed.json) process.stdout.write(`${JSON.stringify({ conflicts: found })}\n`);
  else
    process.stdout.write(
      found.length === 0
        ? 'no conflict copies\n'
        : `${found.map((each) => `${each.server}  ${each.path}`).join('\n')}\n`,
    );
  return exit.done;
}
