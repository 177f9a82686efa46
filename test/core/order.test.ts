import { describe, expect, test } from '@jest/globals';
import { order, type Edge, type Ordering } from '../../lib/core/order.ts';

/** `a>b` a must come after b, `a~b` b frees a name for a, `a?b` better after b, `a!` its turn has not come. */
function ordered(graph: string, possible: (id: string) => boolean = () => true): Ordering {
  const edges = new Map<string, Edge[] | undefined>();
  for (const [, from = '', how = '', on = ''] of graph.matchAll(/(\w)(?:([>~?!])(\w)?)?/g)) {
    if (how === '!') edges.set(from, undefined);
    else if (!edges.has(from)) edges.set(from, []);
    if (on === '') continue;
    edges.get(from)?.push({ on, kind: how === '~' ? 'name' : how === '?' ? 'wish' : 'must' });
  }
  return order(edges.keys(), (id) => (edges.has(id) ? edges.get(id) : []), possible);
}

function text({ sorted, blocked, parked }: Ordering): string {
  return `${sorted.join('')} blocked:${blocked.join('')} parked:${[...parked].join('')}`;
}

describe('dependency order', () => {
  test.each([
    ['after what it depends on', 'a>b b>c', 'cba blocked: parked:'],
    ['what is not asked for but needed', 'a>z', 'za blocked: parked:'],
    ['a blocked one blocks those after it, and no others', 'a>b b! c', 'c blocked:ba parked:'],
    ['but not those who only wish', 'a?b b!', 'a blocked:b parked:'],
    ['a swap: one is parked', 'a~b b~a', 'ba blocked: parked:a'],
    ['a circle of three', 'a~b b~c c~a', 'cba blocked: parked:a'],
    ['two circles that share one', 'a~b b~a b>c c~b', 'acb blocked: parked:ab'],
    ['a circle is opened at a name, not at a must', 'a>b b~c c>a', 'bac blocked: parked:c'],
    ['before a wish', 'a?b b~c c>a', 'bac blocked: parked:c'],
    ['a wish gives way where there is no name', 'a?b b>a', 'ab blocked: parked:'],
  ])('%s: %s', (_, graph, expected) => {
    expect(text(ordered(graph))).toBe(expected);
  });

  test('what is possible is asked last, and an impossible one blocks those after it', () => {
    expect(text(ordered('a>b b>c', (id) => id !== 'b'))).toBe('c blocked:ba parked:');
  });

  test('a circle of musts is a broken invariant', () => {
    expect(() => ordered('a>b b>a')).toThrow('broken invariant');
  });
});
