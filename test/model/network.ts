// The backend as one agent reaches it: every call takes time, and may be lost, answered into the void, or arrive late.
import { TidewayError } from '../../lib/base/errors.ts';
import type { Backend, StagedProperties } from '../../lib/agent/backend.ts';
import { readAlive } from '../../lib/agent/remote/namespace.ts';
import { slots, type SignerAt } from '../../lib/cloud/access.ts';
import { release } from '../../lib/cloud/release.ts';
import { claimIncarnation } from '../../lib/cloud/registry.ts';
import { floorKey, floorRow, headKey, headRow } from '../../lib/cloud/rows.ts';
import { encodeName, meta, shareTime, stagedBlocks, stagedPath } from '../../lib/protocol/layout.ts';
import { logKey, logRow } from '../../lib/protocol/log-row.ts';
import { parsePayload, type Envelope } from '../../lib/protocol/message.ts';
import { group, type SimulatedCloud } from './cloud.ts';
import type { Run } from './run.ts';

export interface Line {
  readonly endpoint: string;
  readonly server: string;
  readonly slot: string;
  /** True while the site has no network. */
  offline: boolean;
  /** Ends the process at once. */
  crash(): void;
}

/** `alive` is false once the process has ended: none of its calls goes out or comes back any more. */
export function networkOf(run: Run, cloud: SimulatedCloud, line: Line, alive: () => boolean): Backend {
  const { clock, trace, chance, ledger } = run;
  const { endpoint, server } = line;
  const { table, share } = cloud;
  const free: string[] = [];
  const closers: (() => void)[] = [];

  const call = async <T>(name: string, apply: () => T | Promise<T>): Promise<T> => {
    trace.add(server, `> ${name}`);
    await clock.sleep(run.latency());
    mustLive(alive);
    const blow = run.strike(['lostCalls', 'lostAnswers', 'lateCalls', 'crashes']);
    if (blow === 'crashes') line.crash();
    mustLive(alive);
    if (line.offline || blow === 'lostCalls') throw unreachable(name);
    // A claim that arrives after its state was lost makes the next one look like a clone: that halts, and a person decides.
    const untimely = name === 'incarnation' && run.weather.lostStates + run.weather.restoredStates > 0;
    if (blow === 'lateCalls' && !untimely) {
      run.late(() => {
        trace.add(server, `late: ${name}`);
        void Promise.resolve().then(apply).catch(ignored);
      });
      throw unreachable(name);
    }
    const answer = await apply();
    if (chance.is(30)) await clock.sleep(run.latency());
    mustLive(alive);
    if (blow === 'lostAnswers' || line.offline) throw unreachable(name);
    return answer;
  };

  const stage = (path: string, bytes: Uint8Array, slot: string, properties?: StagedProperties): string => {
    if (cloud.full) throw new TidewayError('share_call_failed', '409 ShareSizeLimitReached', { path });
    const metadata = properties === undefined ? { [meta.op]: slot } : metadataOf(slot, properties);
    const lastWrite = properties === undefined ? {} : { lastWrite: shareTime(properties.mtime) };
    // Create File over a file that is there makes it anew.
    if (share.find(path) !== undefined) share.remove(path, 'file');
    return share.upload(path, bytes, { metadata, ...lastWrite }).etag;
  };

  return {
    incarnation: (holder, incarnation) =>
      call('incarnation', () => claimIncarnation(cloud.plain(), group, endpoint, holder, incarnation)),
    settings: () =>
      call('settings', () => ({
        group,
        server,
        exclude: [],
        pollActiveMs: 2_000,
        pollIdleMs: 10_000,
        resendMs: 20_000,
      })),
    head: () =>
      call('head', () => {
        const { committedSeq, epoch, held, stopped } = headRow.parse(table.get(group, headKey)?.value);
        const { floor } = floorRow.parse(table.get(group, floorKey)?.value);
        return { committedSeq, epoch, floor, held: held?.[endpoint], stopped };
      }),
    release: () => call('release', () => release(cloud.plain(), group, endpoint)),
    readLog: (after, limit) =>
      call(`log after ${after}`, () => {
        const rows = table.range(group, logKey(after + 1), logKey(after + 1 + limit), limit);
        return rows.map((row) => logRow.parse(row.value));
      }),
    readNamespace: (onNodes) =>
      readAlive(
        {
          get: (key) => call(`row ${key}`, () => table.get(group, key)),
          range: (from, to, limit) => call('rows', () => table.range(group, from, to, limit)),
          close: () => {},
        },
        onNodes,
      ),
    send: (envelope) => {
      for (const { name, hash } of contentsOf(envelope))
        if (!ledger.known.has(hash)) run.break(`I18 ${server} sends what nobody wrote as ${name}`);
      return call(`send ${brief(envelope)}`, () => cloud.queue.send(envelope));
    },
    listen: async (onHint) => {
      const close = cloud.topic.listen(line.slot, (hint) => {
        if (alive() && !line.offline) onHint(hint);
      });
      closers.push(close);
      return { close: () => Promise.resolve(close()) };
    },
    slot: async () => {
      if (free.length === 0)
        await call('slots', async () => {
          const answer = await slots(cloud.plain(), unsigned, group, endpoint, 8);
          free.push(...answer.slots.map(({ slot }) => slot));
        });
      return { slot: free.shift() ?? '' };
    },
    stageWhole: ({ slot }, bytes, properties) =>
      call(`stage ${slot}`, () => stage(stagedPath(endpoint, slot), bytes, slot, properties)),
    stageCreate: ({ slot }, size, properties) =>
      call(`stage ${slot} of ${size}`, () => {
        stage(stagedPath(endpoint, slot), new Uint8Array(size), slot, properties);
        share.clear(stagedPath(endpoint, slot));
      }),
    stageRange: ({ slot }, offset, bytes) =>
      call(`range ${slot} ${offset}`, () => share.fill(stagedPath(endpoint, slot), offset, bytes)),
    stageEtag: ({ slot }) => call(`etag ${slot}`, () => share.find(stagedPath(endpoint, slot))?.etag ?? ''),
    stageBlocks: ({ slot }, list) => call(`blocks ${slot}`, () => void stage(stagedBlocks(endpoint, slot), list, slot)),
    download: (path, etag, offset, length) =>
      call(`download ${path} ${offset}`, () => {
        const entry = share.find(path);
        if (entry?.kind !== 'file') throw new TidewayError('absent', path);
        if (entry.etag !== etag) throw new TidewayError('changed', path);
        return entry.content.slice(offset, offset + length);
      }),
    close: () => {
      for (const close of closers) close();
      return Promise.resolve();
    },
  };
}

function mustLive(alive: () => boolean): void {
  if (!alive()) throw new Error('the process has ended');
}

function unreachable(name: string): TidewayError {
  return new TidewayError('unreachable', name);
}

/** What a late request is answered with, nobody hears. */
function ignored(): void {}

function metadataOf(slot: string, { node, name, mode, mtime }: StagedProperties): Readonly<Record<string, string>> {
  return {
    [meta.op]: slot,
    [meta.node]: node,
    [meta.name]: encodeName(name),
    [meta.mode]: mode.toString(8),
    [meta.mtime]: mtime,
  };
}

function contentsOf({ payload }: Envelope): readonly { readonly name: string; readonly hash: string }[] {
  const batch = parsePayload(payload);
  if (batch === undefined || !('operations' in batch)) return [];
  return batch.operations.flatMap((each) => ('content' in each ? [{ name: each.name, hash: each.content.hash }] : []));
}

function brief({ payload }: Envelope): string {
  return payload.slice(0, 500);
}

/** In memory nobody asks for a signature. */
const unsigned: SignerAt = async (_now, expires) => ({
  expires,
  readShare: () => ({ url: '', sas: '' }),
  writeFile: () => '',
  readPartition: () => ({ url: '', name: '', sas: '' }),
  sendTo: () => '',
  listenTo: () => '',
});
