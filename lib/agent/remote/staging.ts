// Slots and what is uploaded into them: bytes go straight to the share, by a SAS for that one file.
import { TidewayError } from '../../base/errors.ts';
import { header, type FilesAnswer, type FilesRest } from '../../azure/rest/files.ts';
import type { Slots } from '../../protocol/api.ts';
import { withAttributes } from '../../protocol/attributes.ts';
import { encodeName, meta, shareTime } from '../../protocol/layout.ts';
import type { Slot, StagedProperties } from '../backend.ts';

interface Place {
  readonly path: string;
  readonly sas: string;
  readonly blocksSas: string;
}

const batchSize = 128;
const lowWater = 48;
/** A slot is not handed out this close to its end. */
const marginMs = 60 * 60 * 1000;

/** Fetches slots in batches, ahead of need. */
export class Staging {
  readonly #fetch: (count: number) => Promise<Slots>;
  readonly #now: () => number;
  readonly #places = new Map<string, Place>();
  #free: { slot: string; expires: number }[] = [];
  #fetching: Promise<void> | undefined;

  constructor(fetch: (count: number) => Promise<Slots>, now: () => number) {
    this.#fetch = fetch;
    this.#now = now;
  }

  async take(): Promise<Slot> {
    for (;;) {
      const next = this.#free.shift();
      if (this.#free.length < lowWater) this.#fetching ??= this.#more();
      // Fetched ahead of need, so nobody may be waiting to hear that it failed: who needs the next one asks again.
      this.#fetching?.catch(() => {});
      if (next === undefined) await this.#fetching;
      else if (next.expires - marginMs > this.#now()) return { slot: next.slot };
      else this.#places.delete(next.slot);
    }
  }

  async #more(): Promise<void> {
    try {
      const { directory, expires, slots } = await this.#fetch(batchSize);
      if (expires - marginMs <= this.#now())
        throw new TidewayError('clock_skew', 'slots were handed out that have ended already', {
          hint: 'Set the clocks of this server and of the backend.',
        });
      for (const { slot, sas, blocksSas } of slots) {
        this.#places.set(slot, { path: `${directory}/${slot}`, sas, blocksSas });
        this.#free.push({ slot, expires });
      }
    } finally {
      this.#fetching = undefined;
    }
  }

  /** Where a slot is. A slot of an agent that ran before is not known any more: what was staged in it is staged anew. */
  place(slot: string): Place {
    const place = this.#places.get(slot);
    if (place === undefined) throw new TidewayError('slot_unknown', `the slot ${slot} is not ours any more`);
    return place;
  }

  forget(slot: string): void {
    this.#places.delete(slot);
  }
}

export async function stageFile(
  rest: FilesRest,
  place: Place,
  slot: string,
  size: number,
  bytes: Uint8Array | undefined,
  properties: StagedProperties,
): Promise<string> {
  const { node, name, mtime } = properties;
  const own = { [meta.op]: slot, [meta.node]: node, [meta.name]: encodeName(name), [meta.mtime]: mtime };
  const metadata = withAttributes(own, properties);
  const headers = {
    'x-ms-type': 'file',
    'x-ms-content-length': String(size),
    'x-ms-file-attributes': 'None',
    'x-ms-file-permission': 'inherit',
    'x-ms-file-creation-time': 'now',
    'x-ms-file-last-write-time': shareTime(mtime),
    ...Object.fromEntries(Object.entries(metadata).map(([key, value]) => [`x-ms-meta-${key}`, value])),
  };
  const answer = await rest.call('PUT', place.path, [], headers, bytes, place.sas);
  return header(accepted(answer, place.path), 'etag');
}

export async function stageBytes(rest: FilesRest, place: Place, offset: number, bytes: Uint8Array): Promise<void> {
  const headers = {
    'x-ms-range': `bytes=${offset}-${offset + bytes.length - 1}`,
    'x-ms-write': 'update',
    'x-ms-file-last-write-time': 'preserve',
  };
  accepted(await rest.call('PUT', place.path, [['comp', 'range']], headers, bytes, place.sas), place.path);
}

export async function stagedEtag(rest: FilesRest, place: Place): Promise<string> {
  const answer = await rest.call('HEAD', place.path, [], {}, undefined, place.sas);
  return header(accepted(answer, place.path), 'etag');
}

export async function stageList(rest: FilesRest, place: Place, slot: string, list: Uint8Array): Promise<void> {
  const headers = {
    'x-ms-type': 'file',
    'x-ms-content-length': String(list.length),
    'x-ms-file-attributes': 'None',
    'x-ms-file-permission': 'inherit',
    'x-ms-file-creation-time': 'now',
    'x-ms-file-last-write-time': 'now',
    [`x-ms-meta-${meta.op}`]: slot,
  };
  accepted(await rest.call('PUT', `${place.path}.b`, [], headers, list, place.blocksSas), place.path);
}

export function accepted(answer: FilesAnswer, path: string): FilesAnswer {
  if (answer.status < 400) return answer;
  if (answer.code === 'ShareSizeLimitReached') throw new TidewayError('share_full', 'The share is full', { path });
  throw new TidewayError('share_call_failed', `${answer.status} ${answer.code}`, { path });
}
