import { FilesError } from './errors.ts';
import type { OpenFile } from './handles.ts';
import { locate } from './locate.ts';
import type { Call } from './operation.ts';
import { xmlReply, type Reply } from './reply.ts';
import { wholeNumber } from './request.ts';
import { nameElement } from './xml.ts';

const maxPage = 5000;

/** List Handles on a file or directory, with all below if asked; the marker counts those before. */
export function listHandles(call: Call): Reply {
  const { store, request } = call;
  const limit = wholeNumber(request.query.get('maxresults'), 'maxresults') ?? maxPage;
  if (limit < 1 || limit > maxPage) throw new FilesError('OutOfRangeQueryParameterValue', 'maxresults');
  const from = wholeNumber(request.query.get('marker') ?? '0', 'marker') ?? 0;
  const found = handlesAt(call);
  const entries = found.slice(from, from + limit).map((file) => {
    const node = store.tree.byId(file.node);
    const right = file.access === 'write' ? 'Write' : 'Read';
    return (
      `<Handle><HandleId>${file.handleId}</HandleId>${nameElement('Path', pathOf(call, file.node))}` +
      `<FileId>${file.node}</FileId><ParentId>${node?.parent ?? 0}</ParentId><SessionId>1</SessionId>` +
      `<ClientIp>127.0.0.1:445</ClientIp><ClientName>embedded</ClientName>` +
      `<OpenTime>${new Date(file.openedAt).toUTCString()}</OpenTime>` +
      `<AccessRightList><AccessRight>${right}</AccessRight></AccessRightList></Handle>`
    );
  });
  const next = found.length > from + limit ? from + limit : '';
  return xmlReply(
    `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Entries>${entries.join('')}</Entries>` +
      `<NextMarker>${next}</NextMarker></EnumerationResults>`,
  );
}

/** Force Close Handles: one by its id, or all (`*`). What the clients wrote is kept. */
export async function forceCloseHandles(call: Call): Promise<Reply> {
  const id = call.request.headers.get('x-ms-handle-id');
  if (id === undefined) throw new FilesError('MissingRequiredHeader', 'x-ms-handle-id');
  const found = handlesAt(call).filter((file) => id === '*' || file.handleId === id);
  for (const file of found) await call.smb.handle(file.handleId).close();
  return {
    status: 200,
    headers: ['x-ms-number-of-handles-closed', String(found.length), 'x-ms-number-of-handles-failed', '0'],
  };
}

function handlesAt({ store, request }: Call): readonly OpenFile[] {
  // A file that waits for its deletion can still be asked who holds it; what was is open to nobody.
  const { node, snapshot } = locate(store, request);
  if (node === undefined) throw new FilesError('ResourceNotFound');
  if (snapshot !== 0) return [];
  const recursive = request.headers.get('x-ms-recursive') === 'true';
  return store.handles.list(node.id, recursive);
}

/** The path of a node below its share, by its ancestors. */
function pathOf({ store }: Call, id: number): string {
  const names: string[] = [];
  for (let node = store.tree.byId(id); node !== undefined && node.parent !== 0; node = store.tree.byId(node.parent))
    names.unshift(node.name);
  return names.join('/');
}
