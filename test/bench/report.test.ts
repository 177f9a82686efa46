import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { bytesOf, commandOf, parseOptions } from '../../bench/options.ts';
import { withFigures } from '../../bench/report/into.ts';
import { asMarkdown, asText } from '../../bench/report/print.ts';
import { digits, spelled, spreadOf } from '../../bench/report/statistics.ts';
import { append, read, type Result, type Run } from '../../bench/results.ts';
import { sessionsFor } from '../../bench/sessions.ts';

const run: Run = {
  kind: 'run',
  at: '2026-01-02T03:04:05.000Z',
  command: 'npm run bench',
  machine: { processors: '2 x Test', memoryGiB: 4, kernel: 'Linux 6.1', fileSystem: 'ext4', node: 'v24.0.0' },
  rounds: 3,
  tree: { files: 10_000, size: 4096, directories: 100 },
  idleFiles: 100_000,
  largeBytes: 2 ** 30,
  versions: { tideway: 'Tideway 1', unison: 'unison 2' },
  missing: { rclone: 'not found' },
};

function result(work: string, system: string, round: number, figures: Record<string, number>): Result {
  return { kind: 'result', work, system, round, figures, load: 0.5, at: run.at };
}

const results: readonly Result[] = [
  result('floor', 'floor', 1, { cp: 0.4, requests: 1.5 }),
  ...[3, 6, 4.5].map((seconds, index) =>
    result('bulk', 'tideway', index + 1, { seconds, cpuSeconds: 2, peakMiB: 300, foreignCores: 0.1 }),
  ),
  result('bulk', 'unison', 1, { seconds: 9, cpuSeconds: 1, peakMiB: 100, foreignCores: 0.3, lateSeconds: 0.5 }),
  { ...result('large', 'unison', 1, {}), error: 'not within 60 s' },
];

describe('statistics', () => {
  test('median of an odd and an even number of runs, and of none', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3, count: 3 });
    expect(spreadOf([4, 1, 2, 3])?.median).toBe(2.5);
    expect(spreadOf([])).toBeUndefined();
  });

  test('as many digits as mean something', () => {
    expect([0, 0.01234, 1.234, 12.34, 123.4].map(digits)).toEqual(['0', '0.012', '1.23', '12.3', '123']);
    expect([spelled(spreadOf([1, 2, 3])), spelled(spreadOf([2])), spelled(undefined)]).toEqual(['2 (1-3)', '2', '-']);
  });
});

describe('the report', () => {
  test('as Markdown: medians, the ratio to the best other, the times of the floor, what is missing and what failed', () => {
    const text = asMarkdown({ run, results });
    expect(text).toContain('| 10,000 files of 4 KiB, to one site, s | 4.5 (3-6) | 9 | 0.5 |');
    expect(text).toContain('| work | tideway | unison | ours / best other |');
    expect(text).toContain('| bulk | 2 s, 300 MiB | 1 s, 100 MiB |');
    expect(text).toContain('| ours, to one site, times the bare requests | 3 |');
    expect(text).toContain('Not measured: rclone (not found).');
    expect(text).toContain('Failed: large of unison, round 1: not within 60 s');
    expect(text).toContain('Late: bulk of unison, round 1: contents were not whole for 0.5 s more.');
    expect(text).toContain('Others kept 0.1 processors busy meanwhile (at most 0.3).');
  });

  test('takes the place of the one before in a document', () => {
    const page = (figures: string): string =>
      `before\n<!-- figures: npm run bench -- --into FILE -->\n\n${figures}\n<!-- end of figures -->\nafter\n`;
    expect(withFigures(page('old'), 'new')).toBe(page('new'));
    expect(() => withFigures('before\nafter\n', 'new')).toThrow('no place for figures');
  });

  test('as text: columns stand below each other', () => {
    const lines = asText({ run, results }).split('\n');
    const header = lines.find((line) => line.startsWith('work ') && line.includes('best')) ?? '';
    const row = lines.find((line) => line.startsWith('10,000 files')) ?? '';
    expect(row.indexOf('4.5 (3-6)')).toBe(header.indexOf('tideway'));
  });

  test('is made again from the lines that a run left', () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'tideway-bench-test-'));
    const file = path.join(dir, 'results.jsonl');
    for (const line of [run, ...results]) append(file, line);
    expect(read([file])).toEqual({ run, results });
    rmSync(dir, { recursive: true });
  });
});

describe('what is asked for', () => {
  test('sizes, and words that are no sizes', () => {
    expect([bytesOf('5'), bytesOf('3KiB'), bytesOf('2MiB'), bytesOf('1GiB')]).toEqual([5, 3072, 2 ** 21, 2 ** 30]);
    expect(() => bytesOf('1 TB')).toThrow('no size');
    expect(() => parseOptions(['--rounds', '0'])).toThrow('--rounds 0');
    expect(() => parseOptions(['bulk', 'nothing'])).toThrow('no such work: nothing');
  });

  test('the command that is told has no places of this machine', () => {
    expect(commandOf(['bulk', '--dir', '/tmp/x', '--keep', '--rounds', '5', '--into=docs/x.md'])).toBe(
      'npm run bench -- bulk --rounds 5',
    );
    expect(commandOf(['--json'])).toBe('npm run bench');
  });

  test('a work brings what it needs before it, in one life; what takes minutes comes once', () => {
    const names = (...wanted: Parameters<typeof sessionsFor>): string[][] =>
      sessionsFor(...wanted).map(({ works, later = [] }) => [...works, ...later].map(({ name }) => name));
    expect(names(['delete'], 1)).toEqual([['bulk', 'rename', 'delete']]);
    expect(names(['patch', 'two-sites', 'idle'], 1)).toEqual([['large', 'patch'], ['two-sites'], ['idle']]);
    expect(names(['patch', 'idle'], 2)).toEqual([['large', 'patch']]);
    expect(names(['floor'], 1)).toEqual([]);
  });
});
