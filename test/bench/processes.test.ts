import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { busyOfMachine, memoryOf, parseStat, sumOf, takenBy } from '../../bench/measure/processes.ts';

test('a line of /proc: the name may hold blanks and parentheses', () => {
  const line =
    '42 (a) b (c) S 7 42 42 0 -1 4194560 100 200 0 0 150 50 25 75 20 0 1 0 1000 999424 300 18446744073709551615 1';
  expect(parseStat(line)).toEqual({ pid: 42, parent: 7, cpu: 3, memory: 300 * 4096 });
});

test('processes with all that they started, however deep, and nobody else', () => {
  const of = (pid: number, parent: number): { pid: number; parent: number; cpu: number; memory: number } => ({
    pid,
    parent,
    cpu: 1,
    memory: 10,
  });
  const all = [of(5, 3), of(1, 0), of(3, 2), of(2, 1), of(4, 1), of(9, 8)];
  expect(sumOf([2], all)).toEqual({ cpu: 3, memory: 30, pids: [2, 3, 5] });
  expect(new Set(sumOf([2, 3], all).pids)).toEqual(new Set([2, 3, 5]));
  expect(sumOf([7], all)).toEqual({ cpu: 0, memory: 0, pids: [] });
});

test('a real process with a child: both are found, and what an ended child took stays', async () => {
  const burn = 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done';
  const child = spawn('sh', ['-c', `sh -c '${burn}'; echo done; sleep 60 & wait`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(child.stdout, 'data');
    let taken = takenBy([child.pid ?? 0]);
    while (taken.pids.length < 2) taken = takenBy([child.pid ?? 0]);
    expect(taken.cpu).toBeGreaterThan(0);
    expect(taken.memory).toBeGreaterThan(0);
    expect(busyOfMachine()).toBeGreaterThan(taken.cpu);
    const { length, 0: first = 0 } = taken.pids;
    expect(memoryOf(taken.pids)).toBeGreaterThan(memoryOf([first]));
    expect(length).toBeGreaterThan(1);
    for (const pid of taken.pids.toReversed()) process.kill(pid);
  } finally {
    child.kill('SIGKILL');
  }
  await once(child, 'exit');
  expect(memoryOf([child.pid ?? 0])).toBe(0);
});
