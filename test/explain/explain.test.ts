import { describe, expect, test } from '@jest/globals';
import { Chance } from '../support/chance.ts';
import fc from '../support/property.ts';
import { behave } from './behave.ts';
import type { Event, Value } from './event.ts';
import { explainedOf } from './exhaustive.ts';
import { condensed, withoutSettled } from './condensed.ts';
import { explain, Search } from './explain.ts';
import { isHopeless } from './hopeless.ts';
import { outlooks } from './outlook.ts';
import { spoilt } from './spoilt.ts';
import type { State } from './state.ts';
import type { Rules } from './step.ts';

const rules: Rules = { oneClock: true };
let now = 0;
const write = (site: number, value: string, saw: Value = null): Event => ({
  kind: 'write',
  site,
  value,
  saw,
  time: ++now,
});
const read = (site: number, value: Value): Event => ({ kind: 'read', site, value });
const remove = (site: number, saw: string): Event => ({ kind: 'remove', site, saw });
const onShare = (value: string): Event => ({ kind: 'share', value, time: ++now });
const killed = (site: number): Event => ({ kind: 'killed', site });
const rest = (value: Value, ...copies: string[]): Event => ({ kind: 'rest', value, copies });

function isExplained(...events: readonly Event[]): boolean {
  return explain(events, 2, rules).kind === 'explained';
}

describe('what came to a site whose agent is killed before it wrote that down (SPEC.md, What I5 leaves open)', () => {
  const came = [write(0, 'x'), read(1, 'x'), write(0, 'y', 'x')];
  test.each<[string, boolean, readonly Event[]]>([
    ['may be sent by the next one as made there, and become a copy', true, [killed(1), ...came, rest('y', 'x')]],
    ['need not where it is written over on the share', true, [killed(1), write(0, 'x'), onShare('y'), rest('y')]],
    ['need not', true, [killed(1), ...came, rest('y')]],
    ['does not where no agent was killed', false, [...came, rest('y', 'x')]],
    ['nor where another site had its agent killed, to which nothing came', false, [killed(0), ...came, rest('y', 'x')]],
    [
      'what was there at the last rest is written down',
      false,
      [write(0, 'x'), rest('x'), killed(1), write(0, 'y', 'x'), rest('y', 'x')],
    ],
    ['it does not become two copies', false, [killed(1), ...came, rest('y', 'x', 'x')]],
  ])('%s', (_, expected, events) => expect(isExplained(...events)).toBe(expected));
});

describe('what the documentation describes has an explanation', () => {
  test.each<[string, readonly Event[]]>([
    ['one writes, the other reads it later', [write(0, 'x'), read(1, null), read(1, 'x'), rest('x')]],
    ['an edit based on what was seen replaces it', [write(0, 'x'), rest('x'), write(1, 'y', 'x'), rest('y')]],
    ['two edits of one version: the newer keeps the name', [write(0, 'x'), write(1, 'y'), rest('y', 'x')]],
    ['an edit beats a delete', [write(0, 'x'), rest('x'), remove(0, 'x'), write(1, 'y', 'x'), rest('y')]],
    ['a delete reaches the others', [write(0, 'x'), rest('x'), remove(1, 'x'), read(0, 'x'), rest(null)]],
    ['what was written in between need not arrive', [write(0, 'x'), write(0, 'y', 'x'), read(1, null), rest('y')]],
    [
      'a name in conflict may hold nothing for a moment',
      [write(0, 'x'), write(1, 'y'), read(0, 'x'), read(0, null), read(0, 'y'), rest('y', 'x')],
    ],
    ['what was written into the loser follows it', [write(0, 'x'), write(1, 'y'), write(0, 'z', 'x'), rest('y', 'z')]],
    [
      'an edit on the share reaches all',
      [write(0, 'x'), rest('x'), onShare('y'), read(0, 'x'), read(1, 'y'), rest('y')],
    ],
    [
      'an edit on the share and one at a site',
      [write(0, 'x'), rest('x'), onShare('y'), write(1, 'z', 'x'), rest('z', 'y')],
    ],
    ['an edit on the share over what nobody has seen', [write(0, 'x'), onShare('y'), rest('y')]],
    ['an edit on the share of which nobody knows', [{ ...onShare('y'), unsure: true } as Event, rest(null)]],
    [
      'edits on the share over what two sites committed',
      [
        write(0, 'x'),
        rest('x'),
        write(0, 'y', 'x'),
        write(1, 'z', 'x'),
        onShare('first'),
        onShare('second'),
        rest('second', 'first'),
      ],
    ],
    [
      'what a killed agent had not written down is another one, when it was replaced',
      [write(0, 'x'), rest('x'), killed(1), write(0, 'y', 'x'), write(1, 'z', 'y'), rest('z', 'y')],
    ],
    [
      'what is removed while it is on its way leaves the name to others before it is committed',
      [write(1, 'y'), write(0, 'x'), remove(0, 'x'), read(0, 'y'), read(1, null), rest(null, 'y')],
    ],
    [
      'an edit on the share goes to the conflict name of what it was made on',
      [write(1, 'x'), rest('x'), remove(0, 'x'), write(0, 'y'), onShare('z'), read(1, null), rest('y', 'z')],
    ],
    [
      'what is removed while it is on its way reaches others, and is a copy where its delete comes too late',
      [write(0, 'x'), remove(0, 'x'), remove(1, 'x'), read(0, null), write(0, 'y'), rest('y', 'x')],
    ],
    [
      'what a killed agent had, and nobody saw there, goes with what is made of the next',
      [write(0, 'x'), rest('x'), killed(1), onShare('y'), write(0, 'z', 'x'), write(1, 'w', 'z'), rest('z', 'w')],
    ],
    ['a new file after a delete', [write(0, 'x'), rest('x'), remove(0, 'x'), write(0, 'y'), read(1, null), rest('y')]],
  ])('%s', (_name, events) => {
    expect(mysteryIn(events, 2)).toBeUndefined();
  });
});

describe('what must not be has none', () => {
  test.each<[string, readonly Event[]]>([
    ['a lost write', [write(0, 'x'), write(1, 'y'), rest('y')]],
    ['a write that nobody ever gets', [write(0, 'x'), rest(null)]],
    ['an invented content', [write(0, 'x'), read(1, 'z')]],
    ['a delete that comes back', [write(0, 'x'), rest('x'), remove(1, 'x'), rest(null), read(0, 'x')]],
    ['a new file that is gone for a moment at its own site', [write(0, 'x'), read(0, null)]],
    ['what was removed at its own site comes back there', [write(0, 'x'), remove(0, 'x'), read(0, 'x'), rest(null)]],
    ['an older version after a newer one', [write(0, 'x'), rest('x'), write(0, 'y', 'x'), read(1, 'y'), read(1, 'x')]],
    ['a conflict where nobody disagreed', [write(0, 'x'), rest('x'), write(1, 'y', 'x'), rest('y', 'x')]],
    [
      'a conflict where nobody disagreed, and an agent was killed long ago',
      [write(0, 'x'), killed(1), rest('x'), write(0, 'y', 'x'), write(1, 'z', 'y'), rest('z', 'y')],
    ],
    [
      'a lost write, whoever was killed',
      [write(0, 'x'), rest('x'), killed(1), write(0, 'y', 'x'), write(1, 'z', 'x'), rest('z')],
    ],
    ['the older keeps the name', [write(0, 'x'), write(1, 'y'), rest('x', 'y')]],
    ['a copy twice', [write(0, 'x'), write(1, 'y'), rest('y', 'x', 'x')]],
    ['a delete that takes along an edit', [write(0, 'x'), rest('x'), write(1, 'y', 'x'), remove(0, 'x'), rest(null)]],
    ['an edit on the share that is lost', [write(0, 'x'), rest('x'), onShare('y'), write(1, 'z', 'x'), rest('z')]],
    ['in sync, and not the same', [write(0, 'x'), rest('x'), read(1, null)]],
  ])('%s', (_name, events) => {
    expect(isExplained(...events)).toBe(false);
  });
});

const seeds = fc.integer({ min: 1, max: 1_000_000 });
const small = { sites: 3, rounds: 2, acts: 4, share: true, kills: 1, steps: 4 };
const busy = { sites: 3, rounds: 3, acts: 12, share: true, kills: 1, steps: 4 };
/** Sites are far behind each other, all agents are killed, and what nobody has seen yet piles up. */
const far = { sites: 3, rounds: 2, acts: 20, share: true, kills: 3, steps: 1 };

test('whatever a system does that behaves, has an explanation', () => {
  fc.assert(fc.property(seeds, (seed) => expect(mysteryIn(behave(seed, small, rules), 3)).toBeUndefined()));
});

test.each([
  ['busy', busy],
  ['behind', far],
])('however %s the name was', (_how, play) => {
  const isExplainedSoon = (seed: number): void => {
    const { kind, tried } = explain(behave(seed, play, rules), 3, rules);
    expect({ kind, isSoon: tried < 20_000 }).toEqual({ kind: 'explained', isSoon: true });
  };
  fc.assert(fc.property(seeds, isExplainedSoon), { numRuns: 10 });
});

test('what is given up is neither explained nor a mystery', () => {
  const events = behave(1, busy, rules);
  const search = new Search(3, rules, 20);
  expect(search.further(events)).toMatchObject({
    kind: 'undecided',
    story: expect.stringContaining('no explanation'),
  });
  expect(search.further([...events, rest(null)]).kind).toBe('undecided');
});

test('no state of a way that was taken is given up as hopeless, nor is what stands for it', () => {
  const isFollowed = (seed: number): void => {
    const chance = new Chance(seed);
    const play = {
      sites: 2 + chance.below(2),
      rounds: 1 + chance.below(3),
      acts: 2 + chance.below(12),
    };
    const way: [State, number][] = [];
    const all = {
      ...play,
      share: chance.is(60),
      kills: chance.below(4),
      steps: 1 + chance.below(4),
    };
    const events = behave(seed, all, rules, (state, count) => way.push([state, count]));
    const known = outlooks(events, play.sites, rules);
    const isGivenUp = ([state, count]: [State, number]): boolean => {
      const outlook = known[count];
      if (outlook === undefined) return false;
      const unsettled = withoutSettled(state, outlook);
      return isHopeless(unsettled, outlook) || isHopeless(condensed(unsettled, outlook), outlook);
    };
    expect(way.filter(isGivenUp)).toEqual([]);
  };
  fc.assert(fc.property(seeds, isFollowed), { numRuns: 200 });
});

test('after a rest the search goes on where it was', () => {
  const isTheSame = (seed: number): void => {
    const events = behave(seed, small, rules);
    const search = new Search(3, rules);
    const rests = events.flatMap((event, index) => (event.kind === 'rest' ? [index + 1] : []));
    const kinds = rests.map((end) => search.further(events.slice(0, end)).kind);
    expect(kinds).toEqual(rests.map(() => 'explained'));
    expect(search.further([...events, write(0, 'w', 'invented'), rest('w')]).kind).toBe('mystery');
  };
  fc.assert(fc.property(seeds, isTheSame), { numRuns: 20 });
});

test('the search finds an explanation where the one that tries everything finds one', () => {
  const isAgreed = (seed: number): void => {
    const chance = new Chance(seed);
    const sites = 2 + chance.below(2);
    const clock: Rules = { oneClock: chance.is(80) };
    const size = {
      sites,
      rounds: 1 + chance.below(3),
      acts: 2 + chance.below(sites === 2 ? 6 : 4),
    };
    const play = {
      ...size,
      share: chance.is(50),
      kills: chance.below(4),
      steps: 1 + chance.below(4),
    };
    let events: readonly Event[] = behave(seed, play, clock);
    for (let times = chance.below(4); times > 0; times--) events = spoilt(events, sites, chance);
    const explained = explainedOf(events, sites, clock, 5_000);
    fc.pre(explained !== undefined);
    expect(explain(events, sites, clock).kind).toBe(explained === events.length ? 'explained' : 'mystery');
  };
  fc.assert(fc.property(seeds, isAgreed));
});

describe('what is planted in the events of a system that behaves is found', () => {
  /** Each answers undefined where there is nothing to spoil. */
  type Plant = (events: readonly Event[], last: Extract<Event, { kind: 'rest' }>) => Event | undefined;
  const replaced = (events: readonly Event[]): readonly string[] =>
    events.flatMap((event) => ((event.kind === 'write' || event.kind === 'remove') && event.saw ? [event.saw] : []));
  const committedBefore = (events: readonly Event[]): Value => {
    const before = events.slice(0, -1).findLast(({ kind }) => kind === 'rest');
    return before?.kind === 'rest' ? before.value : null;
  };

  test.each<[string, Plant]>([
    [
      'a lost write: a copy is missing that nobody replaced',
      (events, last) => {
        const gone = last.copies.find((copy) => !replaced(events).includes(copy));
        return gone === undefined ? undefined : { ...last, copies: last.copies.filter((copy) => copy !== gone) };
      },
    ],
    [
      'a lost edit: what it replaced has the name again',
      (events, last) => {
        const value = committedBefore(events);
        return value !== null && replaced(events).includes(value) && !last.copies.includes(value)
          ? { ...last, value, copies: [...last.copies] }
          : undefined;
      },
    ],
    [
      'a delete that comes back',
      (events, last) => {
        const gone = events.find((event) => event.kind === 'remove' && !last.copies.includes(event.saw));
        return last.value === null && gone?.kind === 'remove' ? { ...last, value: gone.saw } : undefined;
      },
    ],
    ['an invented content', (_events, last) => ({ ...last, value: 'invented' })],
    ['an invented copy', (_events, last) => ({ ...last, copies: [...last.copies, 'invented'] })],
    [
      'two edits in one',
      (_events, last) => {
        const [copy] = last.copies;
        return copy === undefined
          ? undefined
          : { ...last, value: `${last.value} ${copy}`, copies: last.copies.slice(1) };
      },
    ],
    [
      'a copy twice',
      (_events, last) => (last.copies.length === 0 ? undefined : { ...last, copies: [...last.copies, ...last.copies] }),
    ],
  ])('%s', (_name, plant) => {
    const isFound = (seed: number): void => {
      const events = behave(seed, { sites: 3, rounds: 2, acts: 5, share: false, kills: 0, steps: 4 }, rules);
      const last = events.at(-1);
      const planted = last?.kind === 'rest' ? plant(events, last) : undefined;
      fc.pre(planted !== undefined);
      expect(mysteryIn(events, 3)).toBeUndefined();
      expect(explain([...events.slice(0, -1), planted], 3, rules).kind).toBe('mystery');
    };
    fc.assert(fc.property(seeds, isFound), { numRuns: 6 });
  });
});

function mysteryIn(events: readonly Event[], sites: number): string | undefined {
  const verdict = explain(events, sites, rules);
  return verdict.kind === 'explained' ? undefined : `${verdict.kind}: ${verdict.story}`;
}
