// What goes wrong at a call of the command: a stable code, what to do, the right exit code, and nothing left running.
import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { processesOf } from './support/processes.ts';
import { contentsOf } from './support/tree.ts';
import { Workspace, type Ran } from './support/workspace.ts';

let space: Workspace;

beforeEach(() => {
  space = new Workspace('a', 'b');
});

afterEach(() => space.dispose(), 30_000);

/** `tideway: CODE: MESSAGE`, an indented line of what to do, and nothing else. */
function expectRefusal(ran: Ran, exit: number, code: string): void {
  expect({ exit: ran.code, stdout: ran.stdout, stderr: ran.stderr }).toEqual({
    exit,
    stdout: '',
    stderr: expect.stringMatching(new RegExp(`^tideway: ${code}: .+\\n  [A-Z].+\\n$`)),
  });
  expect(processesOf(space.data)).toEqual([]);
}

jest.setTimeout(30_000);

describe('a call that cannot be understood ends with 2', () => {
  test.each([
    ['command_unknown', ['sing']],
    ['option_unknown', ['up', '--colour', 'red']],
    ['option_unknown', ['status', '--colour']],
    ['option_invalid', ['up', '--site']],
    ['option_invalid', ['status', '--timeout', 'soon']],
    ['option_invalid', ['up', '--port', '70000']],
    ['argument_unknown', ['up', 'here']],
    ['site_invalid', ['up', '--site', 'paris']],
    ['site_invalid', ['up', '--site', 'par is=/tmp']],
    ['group_invalid', ['up', '--group', 'Team Files']],
    ['command_unknown', ['endpoint', 'dance']],
  ])('%s: tideway %j', async (code, args) => {
    expectRefusal(await space.runBare(...args), 2, code);
  });

  test('no command at all: the help', async () => {
    const ran = await space.runBare();
    expect([ran.code, ran.stdout]).toEqual([2, expect.stringContaining('tideway up')]);
  });

  test.each([
    [['--help']],
    [['up', '--help']],
    [['status', '-h']],
    [['endpoint', '--help']],
    [['env', '--help']],
    [['conflicts', '--help']],
  ])('help is no error: tideway %j', async (args) => {
    const ran = await space.runBare(...args);
    expect([ran.code, ran.stderr, ran.stdout]).toEqual([0, '', expect.stringContaining('Exit codes')]);
  });
});

describe('a hub that cannot start ends with 1', () => {
  const up = (...args: readonly string[]): Promise<Ran> => space.run('up', ...args);
  const site = (name: string, dir = space.site(name)): string[] => ['--site', `${name}=${dir}`];

  test('no directory at the path of a site', async () => {
    expectRefusal(await up(...site('a'), ...site('x', path.join(space.dir, 'nowhere'))), 1, 'site_path_missing');
  });

  test('a file at the path of a site', async () => {
    writeFileSync(path.join(space.dir, 'file'), '');
    expectRefusal(await up(...site('x', path.join(space.dir, 'file'))), 1, 'site_path_unusable');
  });

  test('a directory that cannot be written', async () => {
    // Also root cannot make anything there.
    expectRefusal(await up(...site('x', '/proc')), 1, 'site_path_unusable');
  });

  test('two sites in one directory, or one inside the other', async () => {
    expectRefusal(await up(...site('a'), ...site('b', space.site('a'))), 1, 'site_path_overlaps');
    mkdirSync(path.join(space.site('a'), 'inside'));
    expectRefusal(await up(...site('a'), ...site('b', path.join(space.site('a'), 'inside'))), 1, 'site_path_overlaps');
  });

  test('a site that would hold the data directory', async () => {
    expectRefusal(await up(...site('a', space.dir)), 1, 'site_path_overlaps');
  });

  test('another name for the group that the directory holds', async () => {
    await (await space.up('a')).stop();
    expectRefusal(await up('--group', 'other'), 1, 'group_changed');
  });

  test('another directory for a site that is known', async () => {
    const hub = await space.up('a');
    await hub.stop();
    expectRefusal(await up(...site('a', space.site('b'))), 1, 'site_path_changed');
  });

  test('a port that another program has', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      expectRefusal(await up(...site('a'), '--port', String(port)), 1, 'port_in_use');
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test('another hub on the same directory; the first one goes on', async () => {
    await space.up('a', 'b');
    const ran = await up(...site('a'));
    expect([ran.code, ran.stdout]).toEqual([1, '']);
    expect(ran.stderr).toMatch(/^tideway: data_in_use: .+\n  .+\n$/);
    writeFileSync(path.join(space.site('a'), 'still.txt'), 'in sync');
    await space.inSync();
    expect(contentsOf(space.site('b'))).toEqual({ 'still.txt': 'in sync' });
  }, 60_000);

  test('a command for a hub that never ran, or does not run', async () => {
    for (const args of [['status'], ['env'], ['conflicts'], ['endpoint', 'resume']])
      expectRefusal(await space.run(...args), 1, 'hub_unknown');
    await (await space.up('a')).stop();
    for (const args of [['status', '--wait'], ['conflicts'], ['endpoint', 'resume']])
      expectRefusal(await space.run(...args), 1, 'hub_down');
  }, 60_000);

  test('errors are JSON where JSON is asked for', async () => {
    const ran = await space.run('status', '--json');
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stderr)).toEqual({
      error: { code: 'hub_unknown', message: expect.any(String), path: space.data, hint: expect.any(String) },
    });
  });
});

describe('damaged state', () => {
  const damaged = [
    'hub.json',
    'secrets.json',
    'azure/tables.db',
    'azure/files/files.db',
    'azure/service-bus.db',
    'azure/event-grid.db',
    'agents/a/agent.json',
    'agents/a/state.db',
  ];

  test('is told by its path, and the undamaged state starts again', async () => {
    const hub = await space.up('a', 'b');
    writeFileSync(path.join(space.site('a'), 'kept.txt'), 'kept');
    await space.inSync();
    await hub.stop();
    const whole = path.join(space.dir, 'whole');
    cpSync(space.data, whole, { recursive: true });
    for (const name of damaged) {
      spoil(path.join(space.data, name));
      const ran = await space.run('up');
      expectRefusal(ran, 1, 'state_corrupt');
      expect(ran.stderr).toContain(path.join(space.data, name));
      for (const entry of readdirSync(space.data)) rmSync(path.join(space.data, entry), { recursive: true });
      cpSync(whole, space.data, { recursive: true });
    }
    await space.up();
    await space.inSync();
    expect(contentsOf(space.site('b'))).toEqual({ 'kept.txt': 'kept' });
  }, 120_000);

  test('a namespace that was lost is told, not begun anew under the sites', async () => {
    const hub = await space.up('a');
    writeFileSync(path.join(space.site('a'), 'kept.txt'), 'kept');
    await space.inSync();
    await hub.stop();
    for (const name of ['tables.db', 'tables.db-wal']) rmSync(path.join(space.data, 'azure', name), { force: true });
    expectRefusal(await space.run('up'), 1, 'endpoint_lost');
    expect(contentsOf(space.site('a'))).toEqual({ 'kept.txt': 'kept' });
  }, 60_000);

  test('of an agent may be moved away, as the error says: no file is lost, none is doubled', async () => {
    const hub = await space.up('a', 'b');
    writeFileSync(path.join(space.site('a'), 'kept.txt'), 'kept');
    writeFileSync(path.join(space.site('a'), 'edited.txt'), 'before');
    await space.inSync();
    await hub.stop();
    for (const name of ['state.db', 'state.db-wal', 'state.db-shm'])
      rmSync(path.join(space.data, 'agents/a', name), { force: true });
    writeFileSync(path.join(space.site('b'), 'edited.txt'), 'after, at b');
    await space.up();
    const status = await space.inSync();
    expect(contentsOf(space.site('b'))['kept.txt']).toBe('kept');
    expect(contentsOf(space.site('a'))).toEqual(contentsOf(space.site('b')));
    expect(Object.values(contentsOf(space.site('a')))).toContain('after, at b');
    expect(status.endpoints.flatMap((each) => each.problems)).toEqual([]);
  }, 60_000);
});

/** Overwrites the beginning, and cuts off what would repair it. */
function spoil(file: string): void {
  for (const beside of [`${file}-wal`, `${file}-shm`]) rmSync(beside, { force: true });
  const fd = openSync(file, 'r+');
  writeSync(fd, 'this is not what was written here, by no means at all, and long enough to hide every header');
  closeSync(fd);
  truncateSync(file, 4096);
}
