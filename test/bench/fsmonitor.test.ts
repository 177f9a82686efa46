// The monitor in the place of Unison's own: if it missed changes, Unison would be measured as slower than it is.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const script = path.join(import.meta.dirname, '../../bench/systems/fsmonitor.ts');
let dir: string;
let child: ChildProcess;
let lines: AsyncIterator<string>;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'tideway-bench-test-'));
  child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
});

afterEach(async () => {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.stdin?.end();
  expect(await ended).toBe(0);
  rmSync(dir, { recursive: true });
});

function ask(line: string): void {
  child.stdin?.write(`${line}\n`);
}

async function answer(): Promise<string> {
  return (await lines.next()).value as string;
}

async function changes(): Promise<readonly string[]> {
  ask('CHANGES root');
  const found: string[] = [];
  for (let line = await answer(); line !== 'DONE'; line = await answer()) found.push(line);
  return found;
}

async function start(...directories: readonly string[]): Promise<void> {
  ask('VERSION 1');
  expect(await answer()).toBe('VERSION 1');
  ask(`START root ${encodeURI(dir)}`);
  expect(await answer()).toBe('OK');
  for (const each of directories) {
    ask(`DIR ${encodeURI(each)}`);
    expect(await answer()).toBe('OK');
  }
  ask('DONE');
}

test('what changes while it is waited for is told at once, and which paths when asked', async () => {
  mkdirSync(path.join(dir, 'with space'));
  await start('with space');
  ask('WAIT root');
  writeFileSync(path.join(dir, 'with space', 'new%.txt'), 'content');
  expect(await answer()).toBe('CHANGES root');
  expect(await changes()).toEqual(['RECURSIVE with%20space/new%25.txt']);
});

test('what changed before is told by the next wait; of a directory and what is in it the directory alone', async () => {
  mkdirSync(path.join(dir, 'd'));
  await start('d');
  writeFileSync(path.join(dir, 'd', 'a'), 'content');
  renameSync(path.join(dir, 'd'), path.join(dir, 'e'));
  writeFileSync(path.join(dir, 'last'), 'content');
  const found = new Set<string>();
  while (!found.has('RECURSIVE last')) {
    ask('WAIT root');
    expect(await answer()).toBe('CHANGES root');
    for (const line of await changes()) found.add(line);
  }
  expect(found).toContain('RECURSIVE d');
  expect(found).toContain('RECURSIVE e');
});
