import type { Found, Place } from '../../core/identify.ts';
import { rootId, type NodeId } from '../../core/node.ts';
import { record, type Recorded } from './record.ts';
import { newRound, type Round } from './round.ts';
import type { State } from '../state/state.ts';
import type { Touched } from './touched.ts';

/** Bounds what is held in memory, and for how long one transaction holds up everything else. */
const partSize = 2_000;

/**
 * The first scan of a site, recorded while it goes on: all of it is new, and a million files at once would take gigabytes
 * and stand in everybody's way. Whatever is known could have moved, which shows at the end only; so it is for a site of
 * which nothing is known, neither from a scan nor from the others.
 */
export class InParts {
  readonly #state: State;
  readonly #touched: Touched;
  readonly #onRecorded: (recorded: Recorded) => void;
  readonly #size: number;
  readonly #ids = new Map<Found, NodeId>();

  constructor(state: State, touched: Touched, onRecorded: (recorded: Recorded) => void, size = partSize) {
    this.#state = state;
    this.#touched = touched;
    this.#onRecorded = onRecorded;
    this.#size = size;
  }

  static suits(state: State): boolean {
    return state.countLocal(rootId, 1) === 0 && state.countAgreed() === 0;
  }

  /** Of a directory that was recorded meanwhile, its id. */
  placeOf(place: Place): Place {
    return typeof place === 'string' ? place : (this.#ids.get(place) ?? place);
  }

  /** Records what the round has found, if that is enough for a part. */
  take(round: Round): void {
    if (round.found.length < this.#size) return;
    const found = round.found.splice(0);
    this.#onRecorded(
      this.#state.now(() => {
        const recorded = record(this.#state, this.#touched, { ...newRound(round.began), found, seen: round.seen });
        // What was met is where it is: another name of the same inode is a hard link, and did not move here.
        for (const id of recorded.changed) round.seen.add(id);
        for (const each of found) this.#note(each);
        return recorded;
      }),
    );
  }

  /** What was left out has no id: what is found in it is left out, too, and all of it looked at again. */
  #note(found: Found): void {
    const dir = this.placeOf(found.dir);
    const entry =
      found.kind === 'directory' && typeof dir === 'string' ? this.#state.localAt(dir, found.name) : undefined;
    if (entry?.kind === 'directory' && entry.inode === found.inode) this.#ids.set(found, entry.id);
  }
}
