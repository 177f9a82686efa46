import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { byLevel, jsonLog } from '../../lib/base/log.ts';
import { rotatingWriter } from '../../lib/base/rotating-log.ts';

describe('a record', () => {
  const record = (fields: Readonly<Record<string, unknown>>): unknown => {
    const lines: string[] = [];
    jsonLog(
      'part',
      (line) => lines.push(line),
      () => 0,
    ).warn('it_happened', fields);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[^\n]+\n$/);
    return JSON.parse(lines[0] ?? '');
  };
  const head = { time: '1970-01-01T00:00:00.000Z', level: 'warn', part: 'part', event: 'it_happened' };

  test('is one line of JSON, whatever is in it', () => {
    expect(record({ path: 'a\nb', size: 1n })).toEqual({ ...head, path: 'a\nb', size: '1' });
  });

  test('tells an error with its code, its stack and its cause', () => {
    const error = Object.assign(new Error('outer', { cause: new Error('inner') }), { code: 'ENOENT' });
    expect(record({ error })).toMatchObject({
      error: {
        code: 'ENOENT',
        message: 'outer',
        stack: expect.stringContaining('Error: outer'),
        cause: { message: 'inner' },
      },
    });
  });

  test('with what cannot be written is a record all the same', () => {
    const self: Record<string, unknown> = {};
    self['self'] = self;
    expect(record(self)).toEqual({ ...head, fields: 'not to be written as JSON' });
  });
});

describe('a rotating log', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'tideway-log-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));
  const read = (name: string): string => readFileSync(path.join(dir, name), 'utf8');

  test("goes on in the file of an earlier life, and is its owner's alone", () => {
    rotatingWriter(dir, 'hub')('one\n');
    rotatingWriter(dir, 'hub')('two\n');
    expect(read('hub.log')).toBe('one\ntwo\n');
    expect(statSync(path.join(dir, 'hub.log')).mode & 0o777).toBe(0o600);
  });

  test('keeps each file below its bound, four old ones at most, and loses no line in between', () => {
    const write = rotatingWriter(dir, 'hub', 20);
    for (let line = 0; line < 40; line++) write(`líne ${line}\n`);
    const names = readdirSync(dir).toSorted();
    expect(names).toEqual(['hub.1.log', 'hub.2.log', 'hub.3.log', 'hub.4.log', 'hub.log']);
    for (const name of names) expect(statSync(path.join(dir, name)).size).toBeLessThanOrEqual(20);
    const lines = ['hub.4.log', 'hub.3.log', 'hub.2.log', 'hub.1.log', 'hub.log'].flatMap((name) =>
      read(name).split('\n').filter(Boolean),
    );
    expect(lines).toEqual(Array.from({ length: lines.length }, (_, index) => `líne ${40 - lines.length + index}`));
  });

  test('a line that cannot be written stops nothing, and is counted', () => {
    const write = rotatingWriter(dir, 'hub');
    mkdirSync(path.join(dir, 'hub.log')); // a directory in its place, as good as a full disk
    write('lost\n');
    write('lost too\n');
    rmSync(path.join(dir, 'hub.log'), { recursive: true });
    write('kept\n');
    write('and on\n');
    expect(read('hub.log')).toBe('{"level":"warn","event":"log_lines_lost","lines":2}\nkept\nand on\n');
  });
});

test('warnings and errors are kept apart from what only tells', () => {
  const quiet: string[] = [];
  const loud: string[] = [];
  const log = jsonLog(
    'part',
    byLevel(
      (line) => quiet.push(line),
      (line) => loud.push(line),
    ),
    () => 0,
  );
  for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level](level);
  const events = (lines: readonly string[]): unknown[] =>
    lines.map((line) => (JSON.parse(line) as { event: string }).event);
  expect([events(quiet), events(loud)]).toEqual([
    ['debug', 'info'],
    ['warn', 'error'],
  ]);
});
