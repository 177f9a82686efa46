// Events that a system which behaves may show, by taking its unseen steps at random.
import { Chance } from '../support/chance.ts';
import type { Event } from './event.ts';
import { beginning, head, version, withSite, type State } from './state.ts';
import { unseen, type Rules } from './step.ts';

interface Play {
  readonly sites: number;
  readonly rounds: number;
  /** In a round, at all sites together. */
  readonly acts: number;
  /** On the share itself, too. */
  readonly share: boolean;
  /** Agents that are killed in a round, at most. */
  readonly kills: number;
  /** Unseen steps between two acts, at most. */
  readonly steps: number;
}

/** Events of a system that behaves, some of its unseen steps in between, then rest. `watch` is shown each state on its way. */
export function behave(
  seed: number,
  { sites, rounds, acts, share, kills, steps }: Play,
  rules: Rules,
  watch: (state: State, events: number) => void = () => {},
): Event[] {
  const chance = new Chance(seed);
  const events: Event[] = [];
  let state: State = beginning(sites);
  let made = 0;
  const step = (): void => {
    const next = chance.pick([...unseen(state, rules)]);
    if (next === undefined) return;
    state = next;
    watch(state, events.length);
  };
  const act = (site: number): void => {
    const has = state.sites[site];
    if (has === undefined) return;
    const { value } = has;
    const what = chance.below(share ? 9 : 8);
    if (what === 8) {
      const event = { kind: 'share', value: `v${++made}`, time: made } as const;
      events.push(event);
      state = { ...state, found: { value: event.value, time: event.time } };
    } else if (what < 2) events.push({ kind: 'read', site, value });
    else if (what < 4 && value !== null) {
      events.push({ kind: 'remove', site, saw: value });
      state = withSite(state, site, { ...has, value: null, time: 0, changed: true, came: false });
    } else {
      const event = { kind: 'write', site, saw: value, value: `v${++made}`, time: made } as const;
      events.push(event);
      state = withSite(state, site, {
        ...has,
        value: event.value,
        time: event.time,
        changed: true,
        came: false,
      });
    }
  };
  for (let round = 0; round < rounds; round++) {
    for (let killed = chance.below(kills + 1); killed > 0; killed--) {
      const site = chance.below(sites);
      events.push({ kind: 'killed', site });
      state = {
        ...state,
        sites: state.sites.map((each, at) => (at === site ? { ...each, mortal: true } : each)),
      };
    }
    for (let left = acts; left > 0; left--) {
      act(chance.below(sites));
      watch(state, events.length);
      for (let unseenOnes = chance.below(steps + 1); unseenOnes > 0; unseenOnes--) step();
    }
    // A refusal may follow another for ever: it is calm when a walk happens to end.
    const calm = (): boolean =>
      state.found === undefined &&
      state.sites.every(
        ({ base, changed, flight, orphan }) =>
          base === head(state) && !changed && flight === undefined && orphan === undefined,
      );
    for (let left = 10_000; left > 0 && !calm(); left--) step();
    state = { ...state, sites: state.sites.map((site) => ({ ...site, mortal: false, came: false })) };
    events.push({ kind: 'rest', value: version(state, head(state)).value, copies: state.copies });
  }
  return events;
}
