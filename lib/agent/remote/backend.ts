// The backend over the wire: HTTP API for what is rare, table, share, queue and topic directly for what is not.
import { filesRest, header, type FilesRest } from '../../azure/rest/files.ts';
import { changeSender, hintReceiver, rowReader, type ChangeSender, type RowReader } from '../../azure/site.ts';
import type { Clock } from '../../base/clock.ts';
import { TidewayError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { NodeState } from '../../core/node.ts';
import type { Access } from '../../protocol/api.ts';
import { hint, type Hint } from '../../protocol/hint.ts';
import { logKey, logRow, type LogRow } from '../../protocol/log-row.ts';
import type { Backend, Head } from '../backend.ts';
import { apiOf } from './api.ts';
import { readAlive } from './namespace.ts';
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
  readonly rows: RowReader;
  readonly files: FilesRest;
  readonly changes: ChangeSender;
}

const headShape = z.object({ committedSeq: z.number(), epoch: z.string() });
const floorShape = z.object({ floor: z.number() });
const renewBeforeMs = 24 * 60 * 60 * 1000;

export function remoteBackend(options: RemoteOptions): Backend {
  const api = apiOf(options);
  const { clock, log } = options;
  const staging = new Staging(
    (count) => api.slots(count),
    () => clock.now(),
  );
  let open: Promise<Lines> | undefined;
  const closing: Promise<void>[] = [];

  const connectLines = async (): Promise<Lines> => {
    const access = await api.access();
    const files = filesRest(access.share.url, { kind: 'sas', sas: access.share.sas });
    return { access, rows: rowReader(access), files, changes: changeSender(access.changes) };
  };
  const hangUp = async (lines: Lines): Promise<void> => {
    lines.files.close();
    lines.rows.close();
    await lines.changes.close();
  };
  const lines = async (): Promise<Lines> => {
    const known = open === undefined ? undefined : await open.catch(() => undefined);
    if (known !== undefined && known.access.expires - renewBeforeMs > clock.now()) return known;
    if (known !== undefined) closing.push(hangUp(known));
    open = connectLines();
    return open;
  };

  return {
    incarnation: (holder, incarnation) => api.incarnation(holder, incarnation),
    settings: async () => {
      const { access } = await lines();
      return { group: access.group, server: access.server, ...access.settings };
    },
    head: async (): Promise<Head> => {
      const { rows } = await lines();
      const [head, floor] = await Promise.all([rows.get('head'), rows.get('floor')]);
      if (head === undefined) throw new TidewayError('group_unknown', `there is no group ${options.group}`);
      const { committedSeq, epoch } = headShape.parse(head.value);
      return { committedSeq, epoch, floor: floor === undefined ? 0 : floorShape.parse(floor.value).floor };
    },
    readLog: async (after, limit): Promise<readonly LogRow[]> => {
      const { rows } = await lines();
      const found = await rows.range(logKey(after + 1), logKey(after + 1 + limit), limit);
      const parsed = found.map((row) => logRow.parse(row.value));
      // Only an unbroken run is handed on (I9): what a page misses is asked for again.
      const run = parsed.findIndex((row, index) => row.seq !== after + 1 + index);
      return run < 0 ? parsed : parsed.slice(0, run);
    },
    readNamespace: async (onNodes: (nodes: readonly NodeState[]) => Promise<void>) => {
      const { rows } = await lines();
      await readAlive(rows, onNodes);
    },
    send: async (envelope) => {
      const { changes } = await lines();
      await changes.send(options.group, envelope);
    },
    listen: async (onHint: (hint: Hint) => void) => {
      const { access } = await lines();
      return hintReceiver(
        access.hints,
        (body) => {
          const parsed = hint.safeParse(body);
          if (parsed.success) onHint(parsed.data);
        },
        (error) => log.warn('hints_interrupted', { error }),
      );
    },
    slot: () => staging.take(),
    stageWhole: async (slot, bytes, properties) => {
      const { files } = await lines();
      const place = staging.place(slot.slot);
      const etag = await stageFile(files, place, slot.slot, bytes.length, bytes, properties);
      staging.forget(slot.slot);
      return etag;
    },
    stageCreate: async (slot, size, properties) => {
      const { files } = await lines();
      await stageFile(files, staging.place(slot.slot), slot.slot, size, undefined, properties);
    },
    stageRange: async (slot, offset, bytes) => {
      const { files } = await lines();
      await stageBytes(files, staging.place(slot.slot), offset, bytes);
    },
    stageEtag: async (slot) => {
      const { files } = await lines();
      return stagedEtag(files, staging.place(slot.slot));
    },
    stageBlocks: async (slot, list) => {
      const { files } = await lines();
      await stageList(files, staging.place(slot.slot), slot.slot, list);
    },
    download: async (path, etag, offset, length) => {
      if (length === 0) return new Uint8Array();
      const { files } = await lines();
      const answer = await files.call('GET', path, [], { 'x-ms-range': `bytes=${offset}-${offset + length - 1}` });
      if (answer.status === 404) throw new TidewayError('absent', 'nothing is there', { path });
      if (answer.code === 'InvalidRange') throw new TidewayError('changed', 'it is shorter now', { path });
      accepted(answer, path);
      if (header(answer, 'etag') !== etag) throw new TidewayError('changed', 'it is another version now', { path });
      if (answer.body.length !== length)
        throw new TidewayError('short_read', 'the share sent less than asked', { path });
      return answer.body;
    },
    close: async () => {
      const known = await open?.catch(() => undefined);
      if (known !== undefined) await hangUp(known);
      await Promise.all(closing);
    },
  };
}
