// Code that breaks one rule each. A simulator that does not see them would not see the product break the rule either.
import { ShareRefusal, type Share, type Table, type Write } from '../../lib/cloud/ports.ts';
import type { SiteFs } from '../../lib/agent/fs/port.ts';
import { surveyOf } from '../../lib/agent/fs/survey.ts';
import type { State } from '../../lib/agent/state/state.ts';
import { ours, trashRoot } from '../../lib/protocol/layout.ts';
import type { NodeState } from '../../lib/core/node.ts';
import { cloudSigner, seal, type Envelope, type Payload } from '../../lib/protocol/message.ts';
import { instead } from './instead.ts';
import { givenName } from './names.ts';
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
  return {
    fs: (fs) => {
      const other = instead(fs, over(fs));
      return instead(other, { survey: (dirs) => surveyOf(other, dirs) });
    },
  };
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
  'a log row is lost': writesOf((write) =>
    write.do === 'insert' && write.key.startsWith('log|') && isSeventh(write.value) ? undefined : write,
  ),
  'a move leaves its old row': writesOf((write) =>
    write.do === 'delete' && write.key.startsWith('node|') ? undefined : write,
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
  'a read that ends early is sent as it is': fsOf((fs) => {
    let reads = 0;
    return {
      readWhole: async (path, limit) => {
        const read = await fs.readWhole(path, limit);
        return read === null || ++reads % 7 > 0 ? read : { ...read, bytes: read.bytes.slice(0, -1) };
      },
    };
  }),
  'a staged file has its length, and nothing in it': {
    backend: (backend) => ({
      ...backend,
      stageWhole: (slot, bytes, properties) => backend.stageWhole(slot, new Uint8Array(bytes.length), properties),
    }),
  },
  'nobody reads the log unless he is told, and nobody is told': {
    backend: (backend) => {
      let first: ReturnType<typeof backend.head> | undefined;
      return { ...backend, listen: () => backend.listen(() => {}), head: () => (first ??= backend.head()) };
    },
  },
  'a look at a directory sets the mode of what is in it': fsOf((fs) => ({
    list: async (dir) => {
      const entries = await fs.list(dir);
      const file = entries.find(({ stat }) => stat.kind === 'file');
      if (file !== undefined && !dir.startsWith(ours))
        await fs.chmod(dir === '' ? file.name : `${dir}/${file.name}`, file.stat.mode).catch(() => {}); // gone by now
      return entries;
    },
  })),
  'what was deleted elsewhere is forgotten before it is gone here': {
    state: (state) => {
      const drop = state.dropRemote.bind(state);
      state.dropRemote = (id) => {
        state.setSynced(id, null);
        drop(id);
      };
      return state;
    },
  },
  'a file that is renamed is another one': {
    state: (state) => {
      const set = state.setLocal.bind(state);
      state.setLocal = (id, entry) => {
        const before = state.local(id);
        const renamed = before?.kind === 'file' && entry !== null && before.name !== entry.name;
        if (!renamed || state.synced(id) === undefined) return set(id, entry);
        set(id, null);
        const other = state.newId();
        set(other, { ...entry, id: other });
      };
      return state;
    },
  },
  'nobody plans some of what has changed': {
    state: (state) => {
      let told = state.onChange;
      let changes = 0;
      Object.defineProperty(state, 'onChange', {
        get: () => (id: string) => (++changes % 20 === 0 ? undefined : told(id)),
        set: (tell: typeof told) => {
          told = tell;
        },
      });
      return state;
    },
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
  'a listing that is cut counts as whole': fsOf((fs) => {
    let lists = 0;
    return {
      list: async (dir) => {
        const entries = await fs.list(dir);
        return ++lists % 5 > 0 || dir.startsWith(ours) ? entries : entries.slice(0, -1);
      },
    };
  }),
  'what is open holds up all that comes after it': shareOf((share) => {
    let left = 0;
    return {
      rename: async (from, to, kind, traits) => {
        if (left-- > 0) throw new ShareRefusal('busy', 'SharingViolation', from);
        try {
          return await share.rename(from, to, kind, traits);
        } catch (error) {
          left = isRefused(error, 'busy') ? 2000 : 0;
          throw error;
        }
      },
    };
  }),
  'whoever a message names has sent it': {
    message: (body, keyOf) => {
      const { signer, payload } = body as Envelope;
      const { endpoint } = JSON.parse(payload) as { readonly endpoint?: string };
      const key = endpoint === undefined ? undefined : keyOf(endpoint);
      return endpoint === undefined || key === undefined || signer === cloudSigner
        ? body
        : seal(JSON.parse(payload) as Payload, endpoint, key);
    },
  },
  'what others make may be made above the root': fsOf((fs) => ({
    mkdir: (path, mode) => fs.mkdir(path.startsWith(givenName) ? `../${path}` : path, mode),
  })),
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
