// A program that has a file open goes on writing to it after the file was replaced or deleted from elsewhere: nothing of
// that is lost. On a real directory, with real handles.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock, type Clock } from '../../lib/base/clock.ts';
import { FakeCloud } from '../support/fake-backend.ts';
import { RealSite } from './real-site.ts';
import { TestSite, until } from './rig.ts';

let base: string;
let cloud: FakeCloud;
let paris: TestSite;
let tokyo: RealSite;
let laterMs: number;
const handles: number[] = [];
/** It asks often who has what open: nobody waits a second for that here. */
const clock: Clock = {
  ...systemClock,
  now: () => Date.now() + laterMs,
  sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 50), signal),
};

beforeEach(async () => {
  base = mkdtempSync(path.join(tmpdir(), 'tideway-handle-'));
  mkdirSync(path.join(base, 'site'));
  laterMs = 0;
  cloud = new FakeCloud();
  paris = new TestSite(cloud, 'paris');
  tokyo = await RealSite.open(cloud, 'tokyo', path.join(base, 'site'), base);
  paris.user.writeFile('f.txt', 'base');
  await paris.start();
  await tokyo.start(clock);
  await until('it is here', () => read('f.txt') === 'base', 20_000);
});

afterEach(async () => {
  for (const fd of handles.splice(0)) closeSync(fd);
  await paris.agent?.stop();
  await tokyo[Symbol.asyncDispose]();
  rmSync(base, { recursive: true });
});

function read(name: string): string | undefined {
  return existsSync(tokyo.path(name)) ? readFileSync(tokyo.path(name), 'utf8') : undefined;
}

function open(name: string, flags: string): number {
  const fd = openSync(tokyo.path(name), flags);
  handles.push(fd);
  return fd;
}

function close(fd: number): void {
  closeSync(fd);
  handles.splice(handles.indexOf(fd), 1);
}

const kept = (): readonly string[] => readdirSync(tokyo.path('.tideway/replaced'));
const problems = (): readonly string[] => tokyo.site.agent!.status().problems.map(({ code }) => code);
const long = 20_000;

describe('what is written through a handle', () => {
  test('of a file that was replaced is a copy beside it, at every site', async () => {
    const fd = open('f.txt', 'r+');
    paris.user.writeFile('f.txt', 'new');
    await until('the new one', () => read('f.txt') === 'new', long);
    await until('the old one is kept', () => kept().length === 1, long);
    writeSync(fd, 'LATE', 0);
    close(fd);
    await until('the copy', () => paris.tree().get('f-tokyo.txt') === 'LATE', long);
    expect([read('f.txt'), paris.tree().get('f.txt'), read('f-tokyo.txt'), kept()]).toEqual(['new', 'new', 'LATE', []]);
  });

  test('of a file that was deleted is that file again', async () => {
    const fd = open('f.txt', 'a');
    paris.user.rm('f.txt');
    await until('it is gone', () => read('f.txt') === undefined, long);
    await until('it is kept', () => kept().length === 1, long);
    writeSync(fd, ' and more');
    close(fd);
    await until('it is back', () => paris.tree().get('f.txt') === 'base and more', long);
    expect([read('f.txt'), kept()]).toEqual(['base and more', []]);
  });

  test('of a file whose directory was deleted is a file again', async () => {
    paris.user.mkdir('dir');
    for (const name of ['g.txt', 'h.txt']) paris.user.writeFile(`dir/${name}`, 'base');
    await until('they are here', () => read('dir/g.txt') === 'base' && read('dir/h.txt') === 'base', long);
    const fd = open('dir/g.txt', 'a');
    paris.user.rm('dir');
    await until('it is gone', () => !existsSync(tokyo.path('dir')) && kept().length === 1, long);
    writeSync(fd, ' and more');
    close(fd);
    await until('it is back', () => [...paris.tree().values()].includes('base and more'), long);
    expect([kept(), readdirSync(tokyo.path('.tideway/removed'))]).toEqual([[], []]);
    expect(paris.tree().size).toBe(2);
  });

  test('is kept while it is being written, and over an end of the agent', async () => {
    const fd = open('f.txt', 'r+');
    paris.user.writeFile('f.txt', 'new');
    await until('the old one is kept', () => read('f.txt') === 'new' && kept().length === 1, long);
    await tokyo.stop();
    writeSync(fd, 'LATE', 0);
    await tokyo.start(clock);
    await until('the copy', () => paris.tree().get('f-tokyo.txt') === 'LATE', long);
    // It has a name of its own again, so what comes now is an ordinary edit.
    writeSync(fd, 'MORE', 0);
    close(fd);
    await until('the edit', () => paris.tree().get('f-tokyo.txt') === 'MORE', long);
    expect([read('f.txt'), read('f-tokyo.txt'), kept()]).toEqual(['new', 'MORE', []]);
  });
});

describe('a handle that only reads', () => {
  test('goes on reading what it read; what was there goes when it is closed, and is a problem after a day', async () => {
    const fd = open('f.txt', 'r');
    paris.user.rm('f.txt');
    await until('it is kept', () => read('f.txt') === undefined && kept().length === 1, long);
    expect(problems()).toEqual([]);
    // Again and again: the agent may not have noted yet since when it is kept.
    const dayLater = (): boolean => (laterMs += 25 * 3600_000) > 0;
    await until('the problem', () => dayLater() && problems().includes('still_open'), long);
    const bytes = Buffer.alloc(10);
    expect(bytes.toString('utf8', 0, readSync(fd, bytes, 0, 10, 0))).toBe('base');
    close(fd);
    await until('it is dropped', () => kept().length === 0, long);
    await until('no problem any more', () => problems().length === 0, long);
    expect(paris.tree().size).toBe(0);
  });

  test('of a process that is killed lets go of it', async () => {
    const reader: ChildProcess = spawn('tail', ['-f', tokyo.path('f.txt')], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(reader.stdout!, 'data');
    paris.user.writeFile('f.txt', 'new');
    await until('the old one is kept', () => read('f.txt') === 'new' && kept().length === 1, long);
    reader.kill('SIGKILL');
    await until('it is dropped', () => kept().length === 0, long);
    expect(readdirSync(tokyo.root).toSorted()).toEqual(['.tideway', 'f.txt']);
  });
});
