// The life of a hub: start, stop, resume, the death of any of its processes, and what it leaves on disk.
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isRunning, processesOf, untilNoneRuns } from './support/processes.ts';
import { contentsOf, treeOf } from './support/tree.ts';
import { pause, until } from './support/wait.ts';
import { Workspace } from './support/workspace.ts';

let space: Workspace;
const at = (site: string, name: string): string => path.join(space.site(site), name);

beforeEach(() => {
  space = new Workspace('a', 'b', 'c');
});

afterEach(() => space.dispose(), 30_000);

describe('a hub', () => {
  test('stops by SIGTERM, resumes where it was, and takes a site more at any start', async () => {
    const first = await space.up('a', 'b');
    writeFileSync(at('a', 'one.txt'), 'one');
    await space.inSync();
    const stopped = await first.stop();
    expect(stopped.code).toBe(0);
    expect(stopped.ms).toBeLessThan(10_000);
    expect(processesOf(space.data)).toEqual([]);
    expect(space.processes()).toEqual([]);

    writeFileSync(at('b', 'two.txt'), 'while it was stopped');
    const second = await space.up('c');
    expect(second.url).toBe(first.url);
    const status = await space.inSync();
    expect(status.endpoints.map((each) => [each.server, each.state, each.files])).toEqual([
      ['a', 'idle', 2],
      ['b', 'idle', 2],
      ['c', 'idle', 2],
    ]);
    for (const site of ['b', 'c']) expect(treeOf(space.site(site))).toEqual(treeOf(space.site('a')));
  }, 60_000);

  test("is found by hub.json, and everything it writes is its owner's alone", async () => {
    delete space.env['NODE_COMPILE_CACHE']; // then it keeps what it has compiled itself
    const hub = await space.up('a', 'b');
    const file = JSON.parse(readFileSync(path.join(space.data, 'hub.json'), 'utf8')) as Record<string, unknown>;
    expect(file).toMatchObject({ url: hub.url, pid: hub.pid });
    const processes = space.processes();
    expect(new Set(processes.map(({ role, site }) => `${role} ${site ?? ''}`))).toEqual(
      new Set(['hub ', 'functions ', 'agent a', 'agent b']),
    );
    expect(processes.every(({ pid }) => isRunning(pid))).toBe(true);
    expect(new Set(processesOf(space.data))).toEqual(new Set(processes.map(({ pid }) => pid)));
    writeFileSync(at('a', 'big.bin'), Buffer.alloc(300_000, 1));
    await space.inSync();
    const open = readdirSync(space.data, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((name) => (statSync(name).mode & 0o077) !== 0);
    expect(open).toEqual([]);
  }, 60_000);

  test('killed with -9 takes its children along, and starts again on the same directory', async () => {
    const hub = await space.up('a', 'b');
    writeFileSync(at('a', 'one.txt'), 'one');
    await space.inSync();
    await hub.kill();
    await until('its children to end', 2_000, () => processesOf(space.data).length === 0);
    writeFileSync(at('b', 'two.txt'), 'two');
    await space.up();
    await space.inSync();
    expect(contentsOf(space.site('a'))).toEqual({ 'one.txt': 'one', 'two.txt': 'two' });
  }, 60_000);

  test.each([
    ['functions', undefined],
    ['agent', 'a'],
  ])(
    'starts %s again when it dies',
    async (role, site) => {
      await space.up('a', 'b');
      const pid = space.pidOf(role, site);
      if (pid === undefined) throw new Error(`no ${role} in hub.json`);
      process.kill(pid, 'SIGKILL');
      const next = await until(`another ${role}`, 10_000, () => {
        const now = space.pidOf(role, site);
        return now !== pid && now;
      });
      expect(isRunning(next)).toBe(true);
      writeFileSync(at('a', 'after.txt'), 'after');
      await space.inSync();
      expect(contentsOf(space.site('b'))).toEqual({ 'after.txt': 'after' });
    },
    60_000,
  );

  test('agents live through the death of the functions, whatever they had asked of them', async () => {
    await space.up('a', 'b');
    const agents = space.processes().filter(({ role }) => role === 'agent');
    for (let file = 0; file < 200; file++) {
      writeFileSync(at('a', `file-${file}`), `${file}`);
      if (file === 100) process.kill(space.pidOf('functions') ?? 0, 'SIGKILL');
      if (file % 20 === 0) await pause(20); // the copy goes on while they die
    }
    await space.inSync();
    expect(Object.keys(contentsOf(space.site('b')))).toHaveLength(200);
    expect(space.processes().filter(({ role }) => role === 'agent')).toEqual(agents);
  }, 60_000);

  test('does not sync what office programs and desktops leave beside files', async () => {
    await space.up('a', 'b');
    for (const name of ['~$report.docx', 'stock.laccdb', 'Thumbs.db', 'Desktop.ini', 'report.docx'])
      writeFileSync(at('a', name), name);
    await space.inSync();
    expect(contentsOf(space.site('b'))).toEqual({ 'report.docx': 'report.docx' });
    expect(existsSync(at('a', '~$report.docx'))).toBe(true);
  }, 60_000);

  test('prints connection settings that need no other help', async () => {
    await space.up('a');
    const ran = await space.run('env');
    expect(ran.code).toBe(0);
    const names = ran.stdout
      .trim()
      .split('\n')
      .map((line) => /^([A-Z_]+)="[^"]+"$/.exec(line)?.[1]);
    expect(new Set(names)).toEqual(
      new Set([
        'AZURE_STORAGE_CONNECTION_STRING',
        'EVENTGRID_TOPIC_ENDPOINT',
        'EVENTGRID_TOPIC_KEY',
        'SERVICEBUS_CONNECTION_STRING',
        'TIDEWAY_API',
        'TIDEWAY_SHARE',
        'TIDEWAY_TOKEN',
      ]),
    );
  }, 60_000);

  test.each([0, 100, 300, 600])(
    'that is told to stop %d ms after its start stops, with exit 0',
    async (ms) => {
      const { ended, child } = space.begin('up', '--data', space.data, '--site', `a=${space.site('a')}`);
      await pause(ms); // the moment is the point of this test
      child.kill('SIGTERM');
      const ran = await ended;
      // Before its first line of code the kernel ends it; from then on it ends itself.
      expect([ran.code, ran.signal, ran.stderr]).toEqual(ran.code === 0 ? [0, null, ''] : [null, 'SIGTERM', '']);
      expect(ran.ms).toBeLessThan(10_000);
      await untilNoneRuns(space.data, 1_000);
      await space.up('a');
    },
    60_000,
  );

  test('stops by Ctrl-C, which the terminal sends to every process of it', async () => {
    const hub = await space.up('a', 'b');
    const stopped = hub.ended();
    for (const { pid } of space.processes()) process.kill(pid, 'SIGINT');
    expect((await stopped).code).toBe(0);
    await until('nothing to be left', 2_000, () => processesOf(space.data).length === 0);
  }, 60_000);
});
