// SPEC.md against the tests that there are: no rule without one, no test that is named and is not there, and every listed fault
// in the title of a test.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const spec = readFileSync(join(root, 'lib/core/SPEC.md'), 'utf8');

/** Cells of every row of a table. */
const rows = spec
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
const rules = rows.filter(([rule = '']) => /^[PCBI]\d+[a-z]?$/.test(rule));

/** `file words` or `file (words)`: words of titles in that file, which is in test/core, test/cloud, or where its name says. */
function missing(reference: string): string | undefined {
  const [, name = '', words = ''] = /^(\S+)\s*\(?(.*?)\)?$/.exec(reference) ?? [];
  const base = name.replace(/\.test$/, '');
  const file = ['core/', 'cloud/', '']
    .map((dir) => join(root, 'test', `${dir}${base}.test.ts`))
    .concat(join(root, 'test/support', `${base}.ts`))
    .find((each) => existsSync(each));
  if (file === undefined) return `there is no test ${name}`;
  const text = readFileSync(file, 'utf8');
  const code = /^[PCB]\d+[a-z]?$/.test(words) ? new RegExp(`\\b${words}\\b`) : undefined;
  const there = code === undefined ? words.split('; ').every((each) => text.includes(each)) : code.test(text);
  return there ? undefined : `${name} does not speak of ${words}`;
}

test('every rule has a number of its own and tests that are there', () => {
  expect(rules.length).toBeGreaterThan(100);
  const numbers = rules.map(([rule]) => rule);
  expect(numbers.filter((each, index) => numbers.indexOf(each) < index)).toEqual([]);
  const wrong = rules.flatMap(([rule, ...cells]) => {
    const references = (cells.at(-1) ?? '').split(/[;,]\s+(?![^(]*\))/);
    return references.flatMap((each) => (missing(each) === undefined ? [] : [`${rule}: ${missing(each)}`]));
  });
  expect(wrong).toEqual([]);
});

test('every invariant that is not of tiering has a row', () => {
  const tiering = ['I20', 'I21', 'I22', 'I23', 'I24'];
  const all = Array.from({ length: 26 }, (_, index) => `I${index + 1}`).filter((each) => !tiering.includes(each));
  const known = new Set(rules.map(([rule]) => rule));
  expect(all.filter((each) => !known.has(each))).toEqual([]);
});

test('faults 1 to 49, 61 and 63 are in the titles of tests, but for at most five that SPEC.md excuses', () => {
  const shown = new Set<number>();
  for (const file of readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.test.ts')) continue;
    const text = readFileSync(join(root, 'test', file), 'utf8');
    for (const [, list = ''] of text.matchAll(/['"`(]faults? (\d+(?:(?:, | and )\d+)*)/g))
      for (const number of list.split(/, | and /)) shown.add(Number(number));
  }
  const excused = rows.flatMap(([first = '']) => (/^fault \d+$/.test(first) ? [Number(first.slice(6))] : []));
  const wanted = [...Array.from({ length: 49 }, (_, index) => index + 1), 61, 63];
  expect(wanted.filter((each) => !shown.has(each) && !excused.includes(each))).toEqual([]);
  expect(excused.length).toBeLessThanOrEqual(5);
});
