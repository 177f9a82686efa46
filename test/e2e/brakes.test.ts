// A wrong rm -rf at one site (fault 63): held before the others get it, whatever restarts; let through by a person; undone.
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until } from './support/wait.ts';
import { Workspace, type GroupStatus } from './support/workspace.ts';

const names = Array.from({ length: 60 }, (_, n) => `file-${String(n).padStart(2, '0')}`);
let space: Workspace;

beforeEach(() => {
  space = new Workspace('a', 'b');
  // What was committed more than a second ago is old.
  space.env['TIDEWAY_MASS_WINDOW_SECONDS'] = '1';
});

afterEach(() => space.dispose(), 30_000);

const dirOf = (site: string): string => path.join(space.site(site), 'work');

async function halted(): Promise<GroupStatus['endpoints'][number]> {
  return until('a to be held', 20_000, async () => {
    const [a] = (await space.status()).endpoints;
    return a?.state === 'halted' && a;
  });
}

async function said(...args: readonly string[]): Promise<Record<string, unknown>> {
  const ran = await space.run(...args, '--json');
  if (ran.code !== 0) throw new Error(`${args.join(' ')} ended with ${ran.code}: ${ran.stderr}`);
  return JSON.parse(ran.stdout) as Record<string, unknown>;
}

/** Paused until all of it is seen to be gone, so that it comes as one operation and not as it is caught in the act. */
async function removeAtOnce(): Promise<void> {
  await space.run('endpoint', 'pause', 'a');
  rmSync(dirOf('a'), { recursive: true });
  await until('a to see it', 20_000, async () => (await space.status()).endpoints[0]?.files === 0);
  await space.run('endpoint', 'resume', '--site', 'a');
}

test('fault 63: a mass delete is held until a person resumes, and undelete brings all of it back', async () => {
  const hub = await space.up('a', 'b');
  expect(await said('group', 'set', '--brake-percent', '50', '--brake-files', '20')).toMatchObject({
    brake: { percent: 50, files: 20 },
  });
  mkdirSync(dirOf('a'));
  for (const name of names) writeFileSync(path.join(dirOf('a'), name), `content of ${name}`);
  await space.inSync();
  writeFileSync(path.join(dirOf('b'), 'file-07'), 'edited at b');
  await space.inSync();
  await new Promise((resolve) => setTimeout(resolve, 1_100)); // until all of it is old
  await removeAtOnce();
  expect((await halted()).halt).toMatchObject({
    code: 'mass_change',
    message: expect.stringContaining('60 of 60 files'),
  });
  expect((await space.run('status', '--wait')).code).toBe(3);
  // Others go on, and it outlives its hub.
  writeFileSync(path.join(space.site('b'), 'other'), 'of b');
  await until('b to commit', 20_000, async () => (await said('history', 'other').catch(() => undefined)) !== undefined);
  await hub.kill();
  await space.up();
  await halted();
  expect([readdirSync(dirOf('b')), readdirSync(space.site('a'))]).toEqual([names, ['.tideway']]);
  expect((await space.run('endpoint', 'resume', path.join(space.site('a'), 'anything'))).stdout).toBe('resumed: a\n');
  await space.inSync();
  expect([readdirSync(space.site('b')), readdirSync(space.site('a'))].map((all) => all.toSorted())).toEqual([
    ['.tideway', 'other'],
    ['.tideway', 'other'],
  ]);

  const { changes, deleted } = await said('history', path.join(dirOf('b'), 'file-07'));
  const seen = (changes as { op: string; site: string }[]).map(({ op, site }) => `${op} ${site}`);
  expect([seen.slice(0, 2), deleted]).toEqual([['create a', 'edit b'], true]);
  expect(seen.at(-1)).toMatch(/^(delete|rmdir) a$/);
  const { versions } = await said('versions', 'work/file-07');
  expect(
    (versions as { state: string; size: number; site: string }[]).map((each) => [each.state, each.size, each.site]),
  ).toEqual([
    ['kept', 'content of file-07'.length, 'a'],
    ['kept', 'edited at b'.length, 'b'],
  ]);
  const text = await space.run('versions', 'work/file-07');
  expect(text.stdout).toMatch(/work\/file-07 \(deleted\)\n[^]*kept on the share as \.tideway\/trash\//);

  const back = await space.run('undelete', dirOf('a'));
  expect([back.code, back.stdout]).toEqual([0, 'work: 61 of 61 back\n']);
  await space.inSync();
  for (const site of ['a', 'b']) {
    expect(readdirSync(dirOf(site))).toEqual(names);
    for (const name of names)
      expect(readFileSync(path.join(dirOf(site), name), 'utf8')).toBe(
        name === 'file-07' ? 'edited at b' : `content of ${name}`,
      );
  }
  const again = await space.run('undelete', 'work');
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('tideway: not_deleted: work is there')]);
  const never = await space.run('history', 'never', '--json');
  expect([never.code, JSON.parse(never.stderr)]).toMatchObject([1, { error: { code: 'path_unknown' } }]);
  expect((await space.run('undelete')).code).toBe(2);
}, 180_000);

test('fault 63: what is put back before a person resumes was never gone elsewhere', async () => {
  await space.up('a', 'b');
  await said('group', 'set', '--brake-percent', '50', '--brake-files', '20');
  mkdirSync(dirOf('a'));
  for (const name of names) writeFileSync(path.join(dirOf('a'), name), `content of ${name}`);
  await space.inSync();
  const births = (): readonly bigint[] =>
    names.map((name) => statSync(path.join(dirOf('b'), name), { bigint: true }).birthtimeNs);
  const before = births();
  await new Promise((resolve) => setTimeout(resolve, 1_100)); // until all of it is old
  await removeAtOnce();
  await halted();
  cpSync(dirOf('b'), dirOf('a'), { recursive: true });
  for (const name of names) writeFileSync(path.join(dirOf('a'), name), `content of ${name}`);
  expect((await space.run('endpoint', 'resume', 'a')).stdout).toBe('resumed: a\n');
  await space.inSync();
  for (const site of ['a', 'b'])
    for (const name of names) expect(readFileSync(path.join(dirOf(site), name), 'utf8')).toBe(`content of ${name}`);
  expect(births()).toEqual(before);
}, 120_000);
