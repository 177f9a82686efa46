// The share of one group, as the backend uses it (lib/cloud/ports.ts), over bare REST: see rest/files.ts for why.
import type { Renamed, Share, ShareEntry, ShareFault, ShareKind, ShareProperties, Traits } from '../cloud/ports.ts';
import { answering, refused } from './answer.ts';
import { header, type FilesAnswer, type FilesRest } from './rest/files.ts';
import { parseListing } from './rest/listing.ts';

const faults: Readonly<Record<string, ShareFault>> = {
  ResourceNotFound: 'absent',
  ParentNotFound: 'absent',
  ResourceAlreadyExists: 'exists',
  ResourceTypeMismatch: 'mismatch',
  DirectoryNotEmpty: 'not-empty',
  SharingViolation: 'busy',
  DeletePending: 'busy',
  FileLockConflict: 'busy',
  ClientCacheFlushDelay: 'busy',
  CannotDeleteFileOrDirectory: 'busy',
  ReadOnlyAttribute: 'busy',
  LeaseIdMissing: 'busy',
};

/** All but its snapshots (snapshots.ts): those are the account's to tell. */
export type Tree = Omit<Share, 'takeSnapshot' | 'snapshots' | 'removeSnapshot'>;

export function shareOf(files: FilesRest): Tree {
  const rest = answering(files);
  const ok = async (answer: Promise<FilesAnswer>, path: string): Promise<FilesAnswer> =>
    refused(await answer, path, faults);
  return {
    properties: async (path, kind) => {
      const answer = await rest.call(kind === 'file' ? 'HEAD' : 'GET', path, directoryQuery(kind), {});
      return isAbsent(answer) ? undefined : propertiesOf(refused(answer, path, faults), kind);
    },
    list: async (dir, prefix) => {
      const entries: ShareEntry[] = [];
      for (let marker = ''; ;) {
        const answer = await rest.call('GET', dir, listQuery(prefix, marker), { 'x-ms-file-extended-info': 'true' });
        if (isAbsent(answer)) return undefined;
        const page = parseListing(refused(answer, dir, faults).body.toString('utf8'));
        entries.push(...page.entries);
        if (page.next === '') return entries;
        marker = page.next;
      }
    },
    rename: async (from, to, kind, traits) => {
      const headers = {
        'x-ms-file-rename-source': rest.urlOf(from),
        'x-ms-file-rename-replace-if-exists': 'false',
        'x-ms-source-allow-trailing-dot': 'true',
        ...traitHeaders(traits),
      };
      return factsOf(await ok(rest.call('PUT', to, [...directoryQuery(kind), ['comp', 'rename']], headers), to));
    },
    mkdir: async (path, metadata) =>
      factsOf(
        await ok(rest.call('PUT', path, directoryQuery('directory'), { ...fresh, ...metaHeaders(metadata) }), path),
      ),
    create: async (path, metadata) => {
      const headers = { ...fresh, 'x-ms-type': 'file', 'x-ms-content-length': '0', ...metaHeaders(metadata) };
      return factsOf(await ok(rest.call('PUT', path, [], headers), path));
    },
    setMetadata: async (path, kind, metadata) => {
      const query = [...directoryQuery(kind), ['comp', 'metadata'] as const];
      return factsOf(await ok(rest.call('PUT', path, query, metaHeaders(metadata)), path));
    },
    setLastWrite: async (path, lastWrite) => {
      const headers = {
        'x-ms-file-last-write-time': lastWrite,
        'x-ms-file-creation-time': 'preserve',
        'x-ms-file-attributes': 'preserve',
        'x-ms-file-permission': 'preserve',
      };
      return factsOf(await ok(rest.call('PUT', path, [['comp', 'properties']], headers), path));
    },
    ranges: async (path) => {
      const answer = await ok(rest.call('GET', path, [['comp', 'rangelist']], {}), path);
      const pairs = answer.body.toString('utf8').matchAll(/<Range><Start>(\d+)<\/Start><End>(\d+)<\/End><\/Range>/g);
      return Array.from(pairs, ([, start, end]) => [Number(start), Number(end) + 1] as const);
    },
    read: async (path, etag, offset, length) => {
      if (length === 0) return new Uint8Array();
      const range = `bytes=${offset}-${offset + length - 1}`;
      const answer = await rest.call('GET', path, [], { 'x-ms-range': range });
      if (isAbsent(answer) || answer.code === 'InvalidRange') return undefined;
      refused(answer, path, faults);
      return header(answer, 'etag') === etag && answer.body.length === length ? answer.body : undefined;
    },
    remove: async (path, kind) => {
      const answer = await rest.call('DELETE', path, directoryQuery(kind), {});
      if (!isAbsent(answer)) refused(answer, path, faults);
    },
  };
}

/** What a new entry gets: its parent's inheritable ACL, and the time of now. */
const fresh = {
  'x-ms-file-permission': 'inherit',
  'x-ms-file-attributes': 'None',
  'x-ms-file-creation-time': 'now',
  'x-ms-file-last-write-time': 'now',
} as const;

function directoryQuery(kind: ShareKind): (readonly [string, string])[] {
  return kind === 'directory' ? [['restype', 'directory']] : [];
}

function listQuery(prefix: string, marker: string): (readonly [string, string])[] {
  const query: (readonly [string, string])[] = [
    ['restype', 'directory'],
    ['comp', 'list'],
    ['include', 'Timestamps,Etag'],
    ['maxresults', '5000'],
  ];
  if (prefix !== '') query.push(['prefix', prefix]);
  if (marker !== '') query.push(['marker', marker]);
  return query;
}

function metaHeaders(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-ms-meta-${name}`, value]));
}

function traitHeaders(traits: Traits | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  if (traits?.created !== undefined) headers['x-ms-file-creation-time'] = traits.created;
  if (traits?.attributes !== undefined) headers['x-ms-file-attributes'] = traits.attributes;
  if (traits?.permissionKey !== undefined) headers['x-ms-file-permission-key'] = traits.permissionKey;
  return headers;
}

function isAbsent(answer: FilesAnswer): boolean {
  return answer.status === 404 && faults[answer.code] === 'absent';
}

function factsOf(answer: FilesAnswer): Renamed {
  return {
    etag: header(answer, 'etag'),
    fileId: header(answer, 'x-ms-file-id'),
    lastWrite: header(answer, 'x-ms-file-last-write-time'),
  };
}

function propertiesOf(answer: FilesAnswer, kind: ShareKind): ShareProperties {
  const metadata: Record<string, string> = {};
  for (const [name, value] of answer.headers)
    if (name.startsWith('x-ms-meta-')) metadata[name.slice('x-ms-meta-'.length)] = value;
  return {
    kind,
    size: kind === 'file' ? Number(header(answer, 'content-length')) : 0,
    ...factsOf(answer),
    metadata,
    traits: {
      created: header(answer, 'x-ms-file-creation-time') || undefined,
      attributes: header(answer, 'x-ms-file-attributes') || undefined,
      permissionKey: header(answer, 'x-ms-file-permission-key') || undefined,
    },
  };
}
