// Sockets, pipes and devices stay where they are: reported, never opened, and in nobody's way but that of their own name.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { FakeCloud } from '../support/fake-backend.ts';
import { RealSite } from './real-site.ts';
import { TestSite, until } from './rig.ts';

const long = 20_000;
let base: string;
let cloud: FakeCloud;
let paris: TestSite;
let tokyo: RealSite;

beforeEach(async () => {
  base = mkdtempSync(path.join(tmpdir(), 'tideway-special-'));
  mkdirSync(path.join(base, 'site'));
  cloud = new FakeCloud();
  paris = new TestSite(cloud, 'paris');
  tokyo = await RealSite.open(cloud, 'tokyo', path.join(base, 'site'), base);
  await paris.start();
});

afterEach(async () => {
  await paris.agent?.stop();
  await tokyo[Symbol.asyncDispose]();
  rmSync(base, { recursive: true });
});

const special = (): readonly string[] =>
  tokyo.site
    .agent!.status()
    .problems.filter(({ code }) => code === 'not_synced_kind')
    .map((problem) => problem.path)
    .toSorted();

test('fault 47: each is a problem of its path, everything else goes on, and without it there is none', async () => {
  execFileSync('mkfifo', [tokyo.path('pipe')]);
  const devices = process.getuid?.() === 0 ? ['device'] : [];
  for (const name of devices) execFileSync('mknod', [tokyo.path(name), 'c', '1', '3']);
  const server = createServer().listen(tokyo.path('socket'));
  try {
    await tokyo.start();
    writeFileSync(tokyo.path('file'), 'file');
    await until('the file', () => paris.tree().get('file') === 'file', long);
    await until('they are told', () => special().length === devices.length + 2, long);
    expect(special()).toEqual([...devices, 'pipe', 'socket'].toSorted());
    expect([...paris.tree().keys()]).toEqual(['file']);
  } finally {
    await new Promise((resolve) => {
      server.close(resolve);
    });
  }
  for (const name of [...devices, 'pipe']) rmSync(tokyo.path(name));
  await until('none is told', () => special().length === 0, long);
});

test('where a file is to come it waits for the name, and comes when that is free', async () => {
  await tokyo.start();
  execFileSync('mkfifo', [tokyo.path('name')]);
  paris.user.writeFile('name', 'content');
  paris.user.writeFile('other', 'other');
  await until('the other', () => existsSync(tokyo.path('other')), long);
  await until('it is told', () => special().length === 1, long);
  rmSync(tokyo.path('name'));
  const has = (): boolean => existsSync(tokyo.path('name')) && readFileSync(tokyo.path('name'), 'utf8') === 'content';
  await until('it is here', has, long);
  await until('no problem', () => tokyo.site.agent!.status().problems.length === 0, long);
  expect([...paris.tree().keys()]).toEqual(['name', 'other']);
});
