import { describe, expect, test } from '@jest/globals';
import { Chance } from '../support/chance.ts';
import fc from '../support/property.ts';
import type { Event, Value } from './event.ts';
import { explain } from './explain.ts';
import { beginning, head, version, withSite, type State } from './state.ts';
import { unseen, type Rules } from './step.ts';

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
const rest = (value: Value, ...copies: string[]): Event => ({ kind: 'rest', value, copies });

function isExplained(...events: readonly Event[]): boolean {
  return explain(events, 2, rules).mystery === undefined;
}

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
    ['a new file after a delete', [write(0, 'x'), rest('x'), remove(0, 'x'), write(0, 'y'), read(1, null), rest('y')]],
  ])('%s', (_name, events) => {
    expect(explain(events, 2, rules).mystery).toBeUndefined();
  });
});

describe('what must not be has none', () => {
  test.each<[string, readonly Event[]]>([
    ['a lost write', [write(0, 'x'), write(1, 'y'), rest('y')]],
    ['a write that nobody ever gets', [write(0, 'x'), rest(null)]],
    ['an invented content', [write(0, 'x'), read(1, 'z')]],
    ['a delete that comes back', [write(0, 'x'), rest('x'), remove(1, 'x'), rest(null), read(0, 'x')]],
    ['a new file that is gone for a moment at its own site', [write(0, 'x'), read(0, null)]],
    ['an older version after a newer one', [write(0, 'x'), rest('x'), write(0, 'y', 'x'), read(1, 'y'), read(1, 'x')]],
    ['a conflict where nobody disagreed', [write(0, 'x'), rest('x'), write(1, 'y', 'x'), rest('y', 'x')]],
    ['the older keeps the name', [write(0, 'x'), write(1, 'y'), rest('x', 'y')]],
    ['a copy twice', [write(0, 'x'), write(1, 'y'), rest('y', 'x', 'x')]],
    ['a delete that takes along an edit', [write(0, 'x'), rest('x'), write(1, 'y', 'x'), remove(0, 'x'), rest(null)]],
    ['an edit on the share that is lost', [write(0, 'x'), rest('x'), onShare('y'), write(1, 'z', 'x'), rest('z')]],
    ['in sync, and not the same', [write(0, 'x'), rest('x'), read(1, null)]],
  ])('%s', (_name, events) => {
    expect(isExplained(...events)).toBe(false);
  });
});

/** Events of a system that behaves, some of its unseen steps in between, then rest. */
function behave(seed: number, sites: number): Event[] {
  const chance = new Chance(seed);
  const events: Event[] = [];
  let state: State = beginning(sites);
  let made = 0;
  const step = (): boolean => {
    const next = chance.pick([...unseen(state, rules)]);
    if (next !== undefined) state = next;
    return next !== undefined;
  };
  const act = (site: number): void => {
    const has = state.sites[site];
    if (has === undefined) return;
    const { value } = has;
    const what = chance.below(9);
    if (what === 8) {
      const event = { kind: 'share', value: `v${++made}`, time: made } as const;
      events.push(event);
      state = { ...state, found: { value: event.value, time: event.time } };
    } else if (what < 2) events.push(read(site, value));
    else if (what < 4 && value !== null) {
      events.push(remove(site, value));
      state = withSite(state, site, { ...has, value: null, time: 0, changed: true });
    } else {
      const event = { kind: 'write', site, saw: value, value: `v${++made}`, time: made } as const;
      events.push(event);
      state = withSite(state, site, { ...has, value: event.value, time: event.time, changed: true });
    }
  };
  for (let round = 0; round < 2; round++) {
    for (let left = 4; left > 0; left--) {
      act(chance.below(sites));
      for (let unseenOnes = chance.below(5); unseenOnes > 0; unseenOnes--) step();
    }
    // A refusal may follow another for ever: it is calm when a walk happens to end.
    const calm = (): boolean =>
      state.found === undefined &&
      state.sites.every(({ base, changed, flight }) => base === head(state) && !changed && flight === undefined);
    for (let left = 10_000; left > 0 && !calm(); left--) step();
    events.push({ kind: 'rest', value: version(state, head(state)).value, copies: state.copies });
  }
  return events;
}

const seeds = fc.integer({ min: 1, max: 1_000_000 });

test('whatever a system does that behaves, has an explanation', () => {
  fc.assert(fc.property(seeds, (seed) => expect(explain(behave(seed, 3), 3, rules).mystery).toBeUndefined()));
});

test('a content that goes missing from the copies is missed', () => {
  const isMissed = (seed: number): void => {
    const events = behave(seed, 3);
    const last = events.at(-1);
    fc.pre(last?.kind === 'rest' && last.copies.length > 0);
    if (last?.kind !== 'rest') return;
    // It may have been taken away by who saw it; of what nobody saw there is no such excuse.
    const [gone] = last.copies;
    fc.pre(
      !events.some(
        (event) =>
          event.kind === 'share' || ((event.kind === 'write' || event.kind === 'remove') && event.saw === gone),
      ),
    );
    const lost = [...events.slice(0, -1), { ...last, copies: last.copies.slice(1) }];
    expect(explain(lost, 3, rules).mystery).toBeDefined();
  };
  fc.assert(fc.property(seeds, isMissed));
});
