import { FilesError } from './errors.ts';
import type { Call } from './operation.ts';
import { changedHeaders, xmlReply, type Reply } from './reply.ts';
import type { Policy } from './sas.ts';
import { change, liveShare } from './share-operations.ts';
import type { Store } from './store.ts';
import { elements, escape, unescape } from './xml.ts';

interface StoredPolicy extends Policy {
  readonly id: string;
}

const maxPolicies = 5;

/** Get Share ACL: the stored access policies. */
export function getAcl(call: Call): Reply {
  const share = liveShare(call);
  const policies = JSON.parse(share.acl) as readonly StoredPolicy[];
  const body = policies.map(
    ({ id, start, expiry, permissions }) =>
      `<SignedIdentifier><Id>${escape(id)}</Id><AccessPolicy>${optional('Start', start)}${optional('Expiry', expiry)}` +
      `${optional('Permission', permissions)}</AccessPolicy></SignedIdentifier>`,
  );
  const xml = `<?xml version="1.0" encoding="utf-8"?><SignedIdentifiers>${body.join('')}</SignedIdentifiers>`;
  return xmlReply(xml, changedHeaders(share.etag));
}

/** Set Share ACL: replaces all policies. Errors: InvalidXmlDocument, InvalidXmlNodeValue, InvalidInput. */
export function setAcl(call: Call): Promise<Reply> {
  const xml = Buffer.from(call.body).toString('utf8');
  if (xml !== '' && !xml.includes('SignedIdentifiers')) throw new FilesError('InvalidXmlDocument');
  const policies = elements(xml, 'SignedIdentifier').map((item): StoredPolicy => {
    const id = text(item, 'Id');
    if (id === undefined || id.length > 64) throw new FilesError('InvalidXmlDocument');
    const [start, expiry, permissions] = ['Start', 'Expiry', 'Permission'].map((name) => text(item, name));
    for (const time of [start, expiry])
      if (time !== undefined && Number.isNaN(Date.parse(time))) throw new FilesError('InvalidXmlNodeValue', time);
    return { id, start, expiry, permissions };
  });
  if (policies.length > maxPolicies) throw new FilesError('InvalidInput', 'at most five policies');
  return change(call, (share) => ({ ...share, acl: JSON.stringify(policies) }));
}

export function findPolicy(store: Store, share: string, id: string): Policy | undefined {
  const row = store.shares.find(share);
  if (row === undefined) return undefined;
  return (JSON.parse(row.acl) as readonly StoredPolicy[]).find((policy) => policy.id === id);
}

/** Get Share Stats: bytes of all live files, holes included, as the quota counts them. */
export function getStatistics(call: Call): Reply {
  const share = liveShare(call);
  const bytes = call.store.usage.of(share);
  const xml = `<?xml version="1.0" encoding="utf-8"?><ShareStats><ShareUsageBytes>${bytes}</ShareUsageBytes></ShareStats>`;
  return xmlReply(xml, changedHeaders(share.etag));
}

export async function createPermission(call: Call): Promise<Reply> {
  const { store } = call;
  const { permission, format } = parseJson(call.body);
  if (format !== undefined && format !== 'Sddl' && format !== 'sddl') throw new FilesError('InvalidInput', 'format');
  if (typeof permission !== 'string') throw new FilesError('InvalidInput', 'permission');
  const share = liveShare(call);
  const key = await store.write(() => store.permissions.add(share.root, permission));
  return { status: 201, headers: ['x-ms-file-permission-key', key] };
}

export function getPermission({ store, request }: Call): Reply {
  const key = request.headers.get('x-ms-file-permission-key');
  if (key === undefined) throw new FilesError('MissingRequiredHeader', 'x-ms-file-permission-key');
  const share = store.shares.get(request.share ?? '');
  const body = JSON.stringify({ permission: store.permissions.get(share.root, key) });
  return { status: 200, headers: ['Content-Type', 'application/json'], body };
}

/** A JSON object of a request body. Errors: InvalidInput. */
export function parseJson(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Not JSON at all is refused like JSON that is no object.
  }
  throw new FilesError('InvalidInput', 'JSON body');
}

function optional(name: string, value: string | undefined): string {
  return value === undefined ? '' : `<${name}>${escape(value)}</${name}>`;
}

function text(xml: string, name: string): string | undefined {
  const found = elements(xml, name)[0];
  return found === undefined || found === '' ? undefined : unescape(found);
}
