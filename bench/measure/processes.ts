// Processes and what they took, from /proc: one pass over it gives every process's parent, CPU time and memory.
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
import { readFileSync, readdirSync } from 'node:fs';

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Seconds, those of children that ended and were waited for included. */
  readonly cpu: number;
  /** Bytes. What processes share counts in each. */
  readonly memory: number;
}

/** Both are fixed on Linux for what /proc tells, on every architecture that Node runs on with pages of 4 KiB. */
const ticksPerSecond = 100;
const pageBytes = 4096;

export interface Taken {
  readonly cpu: number;
  readonly memory: number;
  readonly pids: readonly number[];
}

/** What these processes and all their descendants took so far; those that have ended count where their parent is one of them. */
export function takenBy(roots: readonly number[]): Taken {
  return sumOf(roots, allProcesses());
}

export function sumOf(roots: readonly number[], all: readonly Process[]): Taken {
  const children = Map.groupBy(all, (each) => each.parent);
  const found = new Map(all.filter(({ pid }) => roots.includes(pid)).map((each) => [each.pid, each]));
  for (const { pid } of found.values()) for (const child of children.get(pid) ?? []) found.set(child.pid, child);
  const members = [...found.values()];
  return {
    cpu: members.reduce((sum, { cpu }) => sum + cpu, 0),
    memory: members.reduce((sum, { memory }) => sum + memory, 0),
    pids: members.map(({ pid }) => pid),
  };
}

/** Bytes that those of these processes hold which still run. Reads nothing of others. */
export function memoryOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const line = statLine(String(pid));
    return sum + (line === undefined ? 0 : parseStat(line).memory);
  }, 0);
}

function allProcesses(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const line = statLine(name);
      return line === undefined ? [] : [parseStat(line)];
    });
}

function statLine(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // it ended while we looked
  }
}

/** The name in parentheses may hold anything, parentheses too: the fields begin behind the last one. */
export function parseStat(line: string): Process {
  const fields = line
    .slice(line.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15);
  return {
    pid: Number.parseInt(line, 10),
    parent: fields[1] ?? 0,
    cpu: (user + system + childUser + childSystem) / ticksPerSecond,
    memory: (fields[21] ?? 0) * pageBytes,
  };
}

/** Seconds of CPU that the whole machine has spent, all processors together. */
export function busyOfMachine(): number {
  const [line = ''] = readFileSync('/proc/stat', 'latin1').split('\n');
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = line
    .trim()
    .split(/ +/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softIrq + steal) / ticksPerSecond;
}
