// The backend over the wire: HTTP API for what is rare, table, share, queue and topic directly for what is not.
import { filesRest, header, type FilesRest } from '../../azure/rest/files.ts';
import { changeSender, rowReader, type ChangeSender, type RowReader } from '../../azure/site.ts';
import type { Clock } from '../../base/clock.ts';
import { TidewayError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { NodeState } from '../../core/node.ts';
import type { Access } from '../../protocol/api.ts';
import { brakes } from '../../protocol/brakes.ts';
import type { Hint } from '../../protocol/hint.ts';
import { logKey, logRow, type LogRow } from '../../protocol/log-row.ts';
import type { Backend, Head } from '../backend.ts';
import { apiOf } from './api.ts';
import { HintLine } from './hint-line.ts';
import { readAlive } from './namespace.ts';
import { isRefused } from './refused.ts';
import { Renewed } from './renewed.ts';
import { Staging, accepted, stageBytes, stageFile, stageList, stagedEtag } from './staging.ts';
import { z } from 'zod';

export interface RemoteOptions {
  readonly url: string;
  readonly group: string;
  readonly endpoint: string;
  readonly privateKey: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is made from one set of access rights; replaced as a whole when they near their end. */
interface Lines {
  readonly access: Access;
  readonly freshUntil: number;
  /** Monotonic. */
  readonly made: number;
  readonly rows: RowReader;
  readonly files: FilesRest;
  readonly changes: ChangeSender;
}

const headShape = z.object({ committedSeq: z.number(), epoch: z.string(), ...brakes });
const floorShape = z.object({ floor: z.number() });
const renewBeforeMs = 24 * 60 * 60 * 1000;
/** New rights are refused like the old ones where the backend itself still signs with a key that is no more. */
const againAfterMs = 60_000;

export function remoteBackend(options: RemoteOptions): Backend {
  const api = apiOf(options);
  const { clock, log } = options;
  const staging = new Staging(
    (count) => api.slots(count),
    () => clock.now(),
  );
  const hintLines = new Set<HintLine>();
  const lines = new Renewed<Lines>({
    make: async () => {
      const access = await api.access();
      for (const line of hintLines) await line.turnTo(access.hints);
      const left = access.expires - clock.now();
      return {
        access,
        freshUntil: access.expires - Math.min(renewBeforeMs, left / 2),
        made: clock.monotonic(),
        rows: rowReader(access),
        files: filesRest(access.share.url, { kind: 'sas', sas: access.share.sas }),
        changes: changeSender(access.changes),
      };
    },
    isFresh: ({ freshUntil }) => freshUntil > clock.now(),
    isSpent: ({ made }, error) => isRefused(error) && clock.monotonic() - made >= againAfterMs,
    drop: async ({ files, rows, changes }) => {
      files.close();
      rows.close();
      await changes.close();
    },
  });

  return {
    incarnation: (holder, incarnation) => api.incarnation(holder, incarnation),
    settings: async () => {
      const { access } = await lines.get();
      return { group: access.group, server: access.server, ...access.settings };
    },
    head: async (): Promise<Head> => {
      // Asked for at every hint: both lie together, so one request tells them.
      const found = await lines.use(({ rows }) => rows.range('floor', 'head!', 100));
      const both = new Map(found.map((row) => [row.key, row]));
      const [head, floor] = [both.get('head'), both.get('floor')];
      if (head === undefined) throw new TidewayError('group_unknown', `there is no group ${options.group}`);
      const { committedSeq, epoch, held, stopped } = headShape.parse(head.value);
      const at = { committedSeq, epoch, floor: floor === undefined ? 0 : floorShape.parse(floor.value).floor };
      return { ...at, held: held?.[options.endpoint], stopped };
    },
    release: () => api.release(),
    readLog: async (after, limit): Promise<readonly LogRow[]> => {
      const found = await lines.use(({ rows }) => rows.range(logKey(after + 1), logKey(after + 1 + limit), limit));
      const parsed = found.map((row) => logRow.parse(row.value));
      // Only an unbroken run is handed on (I9): what a page misses is asked for again.
      const run = parsed.findIndex((row, index) => row.seq !== after + 1 + index);
      return run < 0 ? parsed : parsed.slice(0, run);
    },
    readNamespace: async (onNodes: (nodes: readonly NodeState[]) => Promise<void>) => {
      const { rows } = await lines.get();
      await readAlive(rows, onNodes);
    },
    send: async (envelope) => {
      await lines.use(({ changes }) => changes.send(options.group, envelope));
    },
    listen: async (onHint: (hint: Hint) => void) => {
      const line = new HintLine(onHint, (error) => {
        log.warn('hints_interrupted', { error });
        void lines.blame(error);
      });
      await line.turnTo((await lines.get()).access.hints);
      hintLines.add(line);
      return {
        close: async () => {
          hintLines.delete(line);
          await line.close();
        },
      };
    },
    slot: () => staging.take(),
    stageWhole: async (slot, bytes, properties) => {
      const { files } = await lines.get();
      const place = staging.place(slot.slot);
      staging.forget(slot.slot); // answered or not, nobody asks for it again
      return stageFile(files, place, slot.slot, bytes.length, bytes, properties);
    },
    stageCreate: async (slot, size, properties) => {
      const { files } = await lines.get();
      const place = staging.place(slot.slot);
      try {
        await stageFile(files, place, slot.slot, size, undefined, properties);
      } catch (error) {
        staging.forget(slot.slot); // the next try has a slot of its own
        throw error;
      }
    },
    stageRange: async (slot, offset, bytes) => {
      const { files } = await lines.get();
      await stageBytes(files, staging.place(slot.slot), offset, bytes);
    },
    stageEtag: async (slot) => {
      const { files } = await lines.get();
      const etag = await stagedEtag(files, staging.place(slot.slot));
      staging.forget(slot.slot);
      return etag;
    },
    stageBlocks: async (slot, list) => {
      const { files } = await lines.get();
      await stageList(files, staging.place(slot.slot), slot.slot, list);
    },
    download: async (path, etag, offset, length) => {
      if (length === 0) return new Uint8Array();
      const range = { 'x-ms-range': `bytes=${offset}-${offset + length - 1}` };
      const answer = await lines.use(async ({ files }) => {
        const read = await files.call('GET', path, [], range);
        if (read.status === 404) throw new TidewayError('absent', 'nothing is there', { path });
        if (read.code === 'InvalidRange') throw new TidewayError('changed', 'it is shorter now', { path });
        return accepted(read, path);
      });
      if (header(answer, 'etag') !== etag) throw new TidewayError('changed', 'it is another version now', { path });
      if (answer.body.length !== length)
        throw new TidewayError('short_read', 'the share sent less than asked', { path });
      return answer.body;
    },
    close: async () => {
      api.close();
      await lines.close();
    },
  };
}
