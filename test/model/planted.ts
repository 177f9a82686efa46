// Code that breaks one rule each. A simulator that does not see them would not see the product break the rule either.
import { ShareRefusal, type Share, type Table, type Write } from '../../lib/cloud/ports.ts';
import type { SiteFs } from '../../lib/agent/fs/port.ts';
import type { State } from '../../lib/agent/state/state.ts';
import { ours, trashRoot } from '../../lib/protocol/layout.ts';
import type { NodeState } from '../../lib/core/node.ts';
import { instead } from './instead.ts';
import { nothingPlanted, type Plants } from './plants.ts';

/** Every transaction with its writes changed; the ETags of what was left out are made up. */
function writesOf(change: (write: Write, all: readonly Write[]) => Write | undefined): Partial<Plants> {
  return {
    table: (table: Table) => ({
      get: (group, key) => table.get(group, key),
      range: (group, from, to, limit) => table.range(group, from, to, limit),
      transact: async (group, writes) => {
        const changed = writes.map((write) => change(write, writes));
        const etags = await table.transact(
          group,
          changed.filter((write) => write !== undefined),
        );
        const left = [...etags];
        return changed.map((write) => (write === undefined ? 'never written' : (left.shift() ?? '')));
      },
    }),
  };
}

function shareOf(over: (share: Share) => Partial<Share>): Partial<Plants> {
  return { share: (share) => ({ ...share, ...over(share) }) };
}

function isRefused(error: unknown, fault: string): boolean {
  return error instanceof ShareRefusal && error.fault === fault;
}

function fsOf(over: (fs: SiteFs) => Partial<SiteFs>): Partial<Plants> {
  return { fs: (fs) => instead(fs, over(fs)) };
}

function withSetRemote(setRemote: (state: State, node: NodeState, set: () => void) => void): Partial<Plants> {
  return {
    state: (state) => {
      const set = state.setRemote.bind(state);
      state.setRemote = (node) => setRemote(state, node, () => set(node));
      return state;
    },
  };
}

const parts: Readonly<Record<string, Partial<Plants>>> = {
  'the committer replaces what has the name': shareOf((share) => ({
    rename: async (from, to, kind, traits) => {
      try {
        return await share.rename(from, to, kind, traits);
      } catch (error) {
        if (!isRefused(error, 'exists') || kind !== 'file' || to.startsWith(trashRoot)) throw error;
        await share.remove(to, 'file');
        return share.rename(from, to, kind, traits);
      }
    },
  })),
  'what is overwritten is removed, not moved aside': shareOf((share) => ({
    rename: async (from, to, kind, traits) => {
      const facts = await share.rename(from, to, kind, traits);
      if (kind === 'file' && to.startsWith(trashRoot) && /\/\d+-\d+$/.test(to)) await share.remove(to, 'file');
      return facts;
    },
  })),
  'the ETag of the head is forgotten': writesOf((write) =>
    write.do === 'replace' && write.key === 'head' ? { do: 'put', key: write.key, value: write.value } : write,
  ),
  "the endpoint's counter is not moved": writesOf((write, all) =>
    write.do === 'replace' && write.key.startsWith('endpoint|') && all.length > 1 ? undefined : write,
  ),
  'no intent is written': writesOf((write) =>
    write.do === 'insert' && write.key.startsWith('intent|') ? undefined : write,
  ),
  'the row of a node is lost, its log row is not': writesOf((write) =>
    write.do === 'put' && write.key.startsWith('node|') && isSeventh(write.value) ? undefined : write,
  ),
  'a copy gets another name than the intent says': shareOf((share) => ({
    rename: (from, to, kind, traits) =>
      share.rename(from, to.replace(/-(paris|tokyo|lima)(?=\.|$)/, '-$1-again'), kind, traits),
  })),
  'a download is not bound to an ETag': {
    backend: (backend, share) => ({
      ...backend,
      download: async (path, etag, offset, length) => {
        await backend.download(path, etag, offset, length).catch(() => {}); // as long as it takes
        const { content } = share.find(path) ?? { content: new Uint8Array(length) };
        return content.slice(offset, offset + length);
      },
    }),
  },
  'nobody compares a download with its hash': {
    backend: (backend) => ({
      ...backend,
      readLog: async (after, limit) => (await backend.readLog(after, limit)).map((row) => unhashed(row)),
      listen: (onHint) => backend.listen((hint) => onHint(unhashed(hint))),
      readNamespace: (onNodes) =>
        backend.readNamespace((nodes) => onNodes(nodes.map((node) => ({ ...node, hash: null })))),
      download: async (...asked) => (await backend.download(...asked)).map((byte, at) => (at === 3 ? byte ^ 1 : byte)),
    }),
  },
  'an effect of the log is lost': withSetRemote((_state, node, set) => {
    if (!isSeventh(node)) set();
  }),
  'the cursor is moved before the effects': withSetRemote((state, _node, set) => {
    void state
      .commit(() => {})
      .then(set)
      .catch(() => {}); // a state that was closed meanwhile takes nothing
  }),
  'nothing is flushed before the state says that it is here': fsOf((fs) => ({
    sync: () => Promise.resolve(),
    syncPaths: (paths) => Promise.all(paths.map((path) => fs.stat(path))),
    writeWhole: (path, content) => fs.writeWhole(path, content, false),
  })),
  'the mark of the root is not looked at': fsOf((fs) => {
    let mark: Uint8Array = new Uint8Array();
    return {
      open: async (path) => {
        if (path !== `${ours}/endpoint.json`) return fs.open(path);
        try {
          const file = await fs.open(path);
          mark = await file.read(0, 4096);
          return file;
        } catch (error) {
          if (mark.length === 0) throw error;
          return {
            stat: () => fs.open(path).then((file) => file.stat()),
            read: async () => mark,
            nextData: async (offset) => offset,
            close: async () => {},
          };
        }
      },
    };
  }),
  'what is replaced here is not set aside': fsOf((fs) => ({
    rename: async (from, to, replace) => {
      if (!to.startsWith('.tideway/replaced/')) return fs.rename(from, to, replace);
      const stat = await fs.stat(from);
      await fs.rename(from, to, replace);
      if (stat !== null && !from.startsWith('.tideway/')) await fs.unlink(to);
    },
  })),
};

function isSeventh(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'seq' in value && Number(value.seq) % 7 === 0;
}

function unhashed<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (key, each: unknown) => (key === 'hash' ? null : each)) as T;
}

export const planted: ReadonlyMap<string, Plants> = new Map(
  Object.entries(parts).map(([name, part]) => [name, { ...nothingPlanted, ...part }]),
);
