import { FilesError } from './errors.ts';
import { existing, locate } from './locate.ts';
import { fold } from './names.ts';
import type { Call } from './operation.ts';
import { xmlReply, type Reply } from './reply.ts';
import { wholeNumber } from './request.ts';
import { etagOf, httpDateOf } from './stamps.ts';
import { directoryKind, fileKind, type Node } from './tree.ts';
import type { Shown } from './handles.ts';
import { escape, nameElement } from './xml.ts';

const maxPage = 5000;

interface Include {
  readonly timestamps: boolean;
  readonly etag: boolean;
  readonly attributes: boolean;
  readonly permission: boolean;
  /** File ids, which any of the others brings too. */
  readonly extended: boolean;
}

/**
 * List Directories and Files: one page in the order of folded names. The marker is the folded name of the first entry
 * that is left, so entries that come and go between pages neither repeat nor hide others.
 */
export function listDirectory(call: Call): Reply {
  const { store, request } = call;
  const place = locate(store, request);
  const directory = existing(store, place, directoryKind);
  const limit = wholeNumber(request.query.get('maxresults'), 'maxresults') ?? maxPage;
  if (limit < 1 || limit > maxPage) throw new FilesError('OutOfRangeQueryParameterValue', 'maxresults');
  const prefix = request.query.get('prefix') ?? '';
  const marker = request.query.get('marker') ?? '';
  const from = marker === '' ? fold(prefix) : Buffer.from(marker, 'base64url').toString('utf8');
  const found = store.tree.list(directory.id, from, limit + 1, place.snapshot);
  const folded = fold(prefix);
  const include = includeOf(call);

  let entries = '';
  let next = '';
  for (const [index, node] of found.entries()) {
    if (!node.fold.startsWith(folded)) break;
    if (index === limit) next = Buffer.from(node.fold, 'utf8').toString('base64url');
    else entries += entry(node, place.snapshot === 0 ? store.handles.shown(node) : node, include);
  }
  const attributes = [
    `ServiceEndpoint="${escape(call.endpoint)}"`,
    `ShareName="${place.share.name}"`,
    place.snapshot === 0 ? '' : `ShareSnapshot="${request.query.get('sharesnapshot') ?? ''}"`,
    `DirectoryPath="${escape(request.names.join('/'))}"`,
  ];
  return xmlReply(
    `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ${attributes.filter((text) => text !== '').join(' ')}>` +
      `${nameElement('Prefix', prefix)}<Marker>${escape(marker)}</Marker><MaxResults>${limit}</MaxResults>` +
      `<Entries>${entries}</Entries><NextMarker>${next}</NextMarker>` +
      `${include.extended ? `<DirectoryId>${directory.id}</DirectoryId>` : ''}</EnumerationResults>`,
  );
}

function includeOf({ request }: Call): Include {
  const include = new Set((request.query.get('include') ?? '').toLowerCase().split(','));
  const extended = request.headers.get('x-ms-file-extended-info') === 'true';
  return {
    timestamps: include.has('timestamps'),
    etag: include.has('etag'),
    attributes: include.has('attributes'),
    permission: include.has('permissionkey'),
    extended: extended || include.size > 1 || !include.has(''),
  };
}

function entry(node: Node, shown: Shown, include: Include): string {
  const element = node.kind === fileKind ? 'File' : 'Directory';
  let out = `<${element}>`;
  if (include.extended) out += `<FileId>${node.id}</FileId>`;
  out += `${nameElement('Name', node.name)}<Properties>`;
  if (node.kind === fileKind) out += `<Content-Length>${shown.size}</Content-Length>`;
  if (include.timestamps)
    out +=
      `<CreationTime>${node.created}</CreationTime><LastAccessTime>${shown.written}</LastAccessTime>` +
      `<LastWriteTime>${shown.written}</LastWriteTime><ChangeTime>${shown.changed}</ChangeTime>` +
      `<Last-Modified>${httpDateOf(shown.etag)}</Last-Modified>`;
  if (include.etag) out += `<Etag>${etagOf(shown.etag)}</Etag>`;
  out += '</Properties>';
  if (include.attributes) out += `<Attributes>${node.attributes}</Attributes>`;
  if (include.permission) out += `<PermissionKey>${node.permission}</PermissionKey>`;
  return `${out}</${element}>`;
}
