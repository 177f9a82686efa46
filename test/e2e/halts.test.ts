// What must not be concluded from an empty directory (I6): the endpoint halts, others keep their files, and a person goes on.
import { fork } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { contentsOf } from './support/tree.ts';
import { until } from './support/wait.ts';
import { Workspace } from './support/workspace.ts';

const files = { 'one.txt': 'one', 'two.txt': 'two' };
let space: Workspace;

beforeEach(async () => {
  space = new Workspace('a', 'b');
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(space.site('a'), name), text);
});

afterEach(() => space.dispose(), 30_000);

/** `status --wait` must not wait for what only a person can do. */
async function expectHalt(code: string): Promise<void> {
  const halted = await until('the endpoint to halt', 20_000, async () => {
    const ran = await space.run('status', '--wait', '--timeout', '2', '--json');
    return ran.stdout.includes('"halted"') && ran;
  });
  const again = await space.run('status', '--wait', '--timeout', '60', '--json');
  expect([halted.code, again.code]).toEqual([3, 3]);
  expect(again.ms).toBeLessThan(10_000);
  const { endpoints } = await space.status();
  expect(endpoints.map((each) => [each.server, each.state, each.halt?.code])).toEqual([
    ['a', 'halted', code],
    ['b', 'idle', undefined],
  ]);
  const text = await space.run('status');
  expect(text.stdout).toContain(`halted: ${code}: `);
  expect(contentsOf(space.site('b'))).toEqual(files);
}

async function expectGoesOn(): Promise<void> {
  const ran = await space.run('endpoint', 'resume', 'a');
  expect([ran.code, ran.stdout]).toEqual([0, 'resumed: a\n']);
  writeFileSync(path.join(space.site('a'), 'three.txt'), 'three');
  await space.inSync();
  for (const site of ['a', 'b']) expect(contentsOf(space.site(site))).toEqual({ ...files, 'three.txt': 'three' });
}

describe('an endpoint halts', () => {
  test('when its root is emptied while it runs', async () => {
    await space.up('a', 'b');
    await space.inSync();
    const kept = path.join(space.dir, 'kept');
    cpSync(space.site('a'), kept, { recursive: true });
    for (const name of readdirSync(space.site('a'))) rmSync(path.join(space.site('a'), name), { recursive: true });
    await expectHalt('root_emptied');
    // Resumed without its cause being gone, it stays halted.
    await space.run('endpoint', 'resume', 'a');
    await expectHalt('root_emptied');
    cpSync(kept, space.site('a'), { recursive: true });
    await expectGoesOn();
  }, 90_000);

  test('when its root was emptied while no hub ran', async () => {
    const hub = await space.up('a', 'b');
    await space.inSync();
    await hub.stop();
    const kept = path.join(space.dir, 'kept');
    renameSync(space.site('a'), kept);
    mkdirSync(space.site('a'));
    await space.up();
    await expectHalt('root_emptied');
    cpSync(kept, space.site('a'), { recursive: true });
    await expectGoesOn();
  }, 90_000);

  test('when its root vanishes, and goes on once it is back', async () => {
    await space.up('a', 'b');
    await space.inSync();
    const away = path.join(space.dir, 'away');
    renameSync(space.site('a'), away);
    await expectHalt('root_missing');
    renameSync(away, space.site('a'));
    await expectGoesOn();
  }, 90_000);

  test('when another copy of its state is at work', async () => {
    const hub = await space.up('a', 'b');
    await space.inSync();
    await hub.stop();
    const state = path.join(space.data, 'agents/a/state.db');
    const old = path.join(space.dir, 'old.db');
    copyFileSync(state, old);
    const second = await space.up();
    writeFileSync(path.join(space.site('a'), 'three.txt'), 'three');
    await space.inSync();
    await second.stop();
    // A state that was restored from a backup is no clone: once a person has looked it goes on under a new incarnation.
    const newest = path.join(space.dir, 'newest.db');
    renameSync(state, newest);
    copyFileSync(old, state);
    const third = await space.up();
    await until('the restored state to be noticed', 20_000, async () => {
      return (await space.status()).endpoints[0]?.halt?.code === 'state_restored';
    });
    expect((await space.run('endpoint', 'resume', path.join(space.site('a'), 'three.txt'))).stdout).toBe(
      'resumed: a\n',
    );
    await space.inSync();
    for (const site of ['a', 'b']) expect(contentsOf(space.site(site))).toEqual({ ...files, 'three.txt': 'three' });
    await third.stop();
    // The state that went on before is the clone now.
    rmSync(path.join(space.site('a'), 'three.txt'));
    copyFileSync(newest, state);
    expect(existsSync(`${state}-wal`)).toBe(false);
    await space.up();
    const { endpoints } = await until('the clone to halt', 20_000, async () => {
      const status = await space.status();
      return status.endpoints.some((each) => each.state === 'halted') && status;
    });
    expect(endpoints.map((each) => each.halt?.code)).toEqual(['clone', undefined]);
    expect((await space.run('status', '--wait')).code).toBe(3);
    expect(contentsOf(space.site('b'))).toEqual({ ...files, 'three.txt': 'three' });
  }, 120_000);
});

describe('a machine that was copied while it ran', () => {
  test('is noticed where both work: one halts, and neither loses a file', async () => {
    await space.up('a', 'b');
    await space.inSync();
    const [state, root] = [path.join(space.dir, 'copied-state'), path.join(space.dir, 'copied-root')];
    cpSync(path.join(space.data, 'agents/a'), state, { recursive: true });
    cpSync(space.site('a'), root, { recursive: true, preserveTimestamps: true });
    const config = path.join(state, 'agent.json');
    writeFileSync(config, readFileSync(config, 'utf8').replace(JSON.stringify(space.site('a')), JSON.stringify(root)));
    const script = path.join(import.meta.dirname, '../../lib/agent/process/main.ts');
    const copy = fork(script, ['--data', state, '--site', 'a', '--state', state]);
    try {
      await new Promise((resolve) => copy.once('message', resolve));
      writeFileSync(path.join(space.site('a'), 'mine.txt'), 'mine');
      writeFileSync(path.join(root, 'copied.txt'), 'of the copy');
      await until('one of them to halt', 20_000, async () => {
        const log = path.join(state, 'logs/agent-a.log');
        const copied = existsSync(log) && readFileSync(log, 'utf8').includes('"event":"halted"');
        return copied || (await space.status()).endpoints[0]?.halt?.code === 'clone';
      });
      expect(contentsOf(space.site('a'))).toMatchObject({ ...files, 'mine.txt': 'mine' });
      expect(contentsOf(root)).toMatchObject({ ...files, 'copied.txt': 'of the copy' });
    } finally {
      copy.kill('SIGKILL');
    }
  }, 60_000);
});

describe('a paused endpoint', () => {
  test('is pending until it is resumed', async () => {
    await space.up('a', 'b');
    await space.inSync();
    expect((await space.run('endpoint', 'pause', 'b')).stdout).toBe('paused: b\n');
    writeFileSync(path.join(space.site('a'), 'three.txt'), 'three');
    const late = await space.run('status', '--wait', '--timeout', '3');
    expect(late.code).toBe(3);
    expect(late.ms).toBeGreaterThan(2_900);
    expect(late.stdout).toMatch(/b +paused/);
    expect(contentsOf(space.site('b'))).toEqual(files);
    await space.run('endpoint', 'resume', 'b');
    await space.inSync();
    expect(contentsOf(space.site('b'))).toEqual({ ...files, 'three.txt': 'three' });
    const unknown = await space.run('endpoint', 'resume', 'nowhere');
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('site_unknown')]);
  }, 60_000);
});
