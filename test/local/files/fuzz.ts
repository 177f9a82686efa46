// Nonsense for the file service, from a seed: requests that make sense, spoilt in their address, headers or body and signed
// afterwards; and bytes that are not even HTTP.
import { Agent, request as send } from 'node:http';
import { connect } from 'node:net';
import { randomInt, seededRandom, type Random } from '../../../lib/base/random.ts';
import { parseQuery } from '../../../lib/local/files/request.ts';
import { Signer, stringToSign } from '../../../lib/local/files/shared-key.ts';
import { account } from './world.ts';

interface Sound {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const file = '/tideway/fuzzed/d/f';
const time = '2026-01-02T03:04:05.6789012Z';
const uuid = '11111111-1111-4111-8111-111111111111';
const smb = {
  'x-ms-file-attributes': 'Hidden | Archive',
  'x-ms-file-creation-time': time,
  'x-ms-file-last-write-time': 'now',
  'x-ms-file-permission': 'inherit',
};
const create = { 'x-ms-type': 'file', 'x-ms-content-length': '5', 'x-ms-meta-a': 'b', ...smb };
const write = { 'x-ms-range': 'bytes=0-3', 'x-ms-write': 'update' };
const source = { 'x-ms-copy-source': `http://127.0.0.1${file}` };
const acl = `<SignedIdentifiers><SignedIdentifier><Id>a</Id><AccessPolicy><Expiry>2030-01-01</Expiry><Permission>r</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>`;
const properties = `<?xml version="1.0"?><StorageServiceProperties><HourMetrics><Version>1.0</Version><Enabled>false</Enabled></HourMetrics></StorageServiceProperties>`;
const structured = { 'x-ms-structured-body': 'XSM/1.0; properties=crc64', 'x-ms-structured-content-length': '4' };
const message = `\x01\x2b${'\0'.repeat(7)}\x01\0\x01\0\x01\0\x04${'\0'.repeat(7)}abcd${'\0'.repeat(16)}`;
const keyInfo = '<KeyInfo><Start>2026-01-01T00:00:00Z</Start><Expiry>2026-01-02T00:00:00Z</Expiry></KeyInfo>';
const sas = 'sv=2026-10-06&sr=f&sp=rcwd&se=2030-01-01T00:00:00Z&sig=AAAA';

const sound: readonly Sound[] = [
  { method: 'PUT', path: '/tideway/fuzzed?restype=share', headers: { 'x-ms-share-quota': '5' } },
  { method: 'PUT', path: '/tideway/fuzzed/d?restype=directory', headers: smb },
  { method: 'PUT', path: file, headers: create, body: 'hello' },
  { method: 'PUT', path: `${file}?comp=range`, headers: write, body: 'abcd' },
  { method: 'PUT', path: `${file}?comp=range`, headers: { ...write, 'x-ms-write': 'clear' } },
  { method: 'PUT', path: `${file}?comp=range`, headers: { ...write, ...source, 'x-ms-source-range': 'bytes=1-4' } },
  { method: 'PUT', path: `${file}?comp=properties`, headers: { 'x-ms-content-length': '70000', ...smb } },
  { method: 'PUT', path: `${file}?comp=metadata`, headers: { 'x-ms-meta-name': 'value' } },
  { method: 'PUT', path: `${file}2`, headers: source },
  { method: 'PUT', path: `${file}?comp=copy&copyid=x`, headers: { 'x-ms-copy-action': 'abort' } },
  {
    method: 'PUT',
    path: `${file}3?comp=rename`,
    headers: { 'x-ms-file-rename-source': `http://127.0.0.1${file}2`, 'x-ms-file-rename-replace-if-exists': 'true' },
  },
  {
    method: 'PUT',
    path: `${file}?comp=lease`,
    headers: { 'x-ms-lease-action': 'acquire', 'x-ms-lease-duration': '-1', 'x-ms-proposed-lease-id': uuid },
  },
  { method: 'PUT', path: `${file}?comp=lease`, headers: { 'x-ms-lease-action': 'break' } },
  {
    method: 'PUT',
    path: '/tideway/fuzzed?comp=lease&restype=share',
    headers: { 'x-ms-lease-action': 'acquire', 'x-ms-lease-duration': '15' },
  },
  { method: 'GET', path: file, headers: { range: 'bytes=0-2', 'x-ms-range-get-content-md5': 'true' } },
  { method: 'HEAD', path: file },
  { method: 'GET', path: file, headers: structured },
  { method: 'PUT', path: `${file}?comp=range`, headers: { ...write, ...structured }, body: message },
  { method: 'POST', path: '/tideway?restype=service&comp=userdelegationkey', body: keyInfo },
  { method: 'GET', path: `${file}?comp=rangelist&prevsharesnapshot=${time}` },
  { method: 'GET', path: `${file}?comp=listhandles&maxresults=2` },
  { method: 'PUT', path: `${file}?comp=forceclosehandles`, headers: { 'x-ms-handle-id': '*' } },
  { method: 'GET', path: '/tideway/fuzzed/d?restype=directory&comp=list&maxresults=2&prefix=f&include=Etag' },
  { method: 'GET', path: '/tideway?comp=list&include=snapshots,deleted,metadata&maxresults=3&marker=ZnV6' },
  { method: 'PUT', path: '/tideway/fuzzed?restype=share&comp=snapshot' },
  { method: 'GET', path: `/tideway/fuzzed?restype=share&sharesnapshot=${time}` },
  { method: 'PUT', path: '/tideway/fuzzed?restype=share&comp=acl', body: acl },
  { method: 'PUT', path: '/tideway/fuzzed?restype=share&comp=filepermission', body: '{"permission":"D:(A;;FA;;;SY)"}' },
  { method: 'PUT', path: '/tideway?restype=service&comp=properties', body: properties },
  { method: 'DELETE', path: `${file}3` },
  { method: 'DELETE', path: '/tideway/fuzzed?restype=share', headers: { 'x-ms-delete-snapshots': 'include' } },
  { method: 'GET', path: `${file}?${sas}` },
  { method: 'POST', path: '/tideway/$smb/open', body: '{"share":"fuzzed","path":"d/f","access":"read"}' },
];

const crumbs = [
  '..',
  '%2e%2e%2f',
  '/../../',
  '%00',
  '%ff',
  '%',
  '//',
  '\\',
  '"',
  '<',
  '>',
  '&',
  '=',
  ';',
  '\u{1f600}',
  ' ',
]
  .concat('-1', '1e999', '99999999999999999999', 'null', 'bytes=', 'NaN', '0x10', 'CON', 'sharesnapshot=', 'comp=')
  .concat('x'.repeat(300), 'd/'.repeat(260), '%2e'.repeat(900), 'x'.repeat(9000));

/** A piece cut out, a piece doubled, a character changed, or a crumb put in: a few times. */
function spoiltText(text: string, random: Random): string {
  const below = (bound: number): number => randomInt(random, bound);
  let result = text;
  for (let i = 1 + below(3); i > 0; i--) {
    const at = below(result.length + 1);
    const to = at + below(20);
    const crumb = crumbs[below(crumbs.length)] ?? '';
    const middle = [result.slice(at, to).repeat(2), '', String.fromCharCode(below(0x250)), crumb];
    result = result.slice(0, at) + (middle[below(middle.length)] ?? '') + result.slice(to);
  }
  return result;
}

function spoilt(request: Sound, random: Random): Sound {
  const { path, headers = {}, body } = request;
  switch (randomInt(random, 7)) {
    case 0:
      return request;
    case 1:
      return { ...request, path: safePath(`/tideway/fuzzed/${spoiltText(path.slice(16), random)}`) };
    case 2:
      return { ...request, path: safePath(spoiltText(path, random)) };
    case 3: {
      const entries = Object.entries(headers).map(([name, value]) => [name, safeHeader(spoiltText(value, random))]);
      return { ...request, headers: Object.fromEntries(entries) as Record<string, string> };
    }
    case 4: {
      const kept = Object.entries(headers).filter(() => randomInt(random, 3) > 0);
      return { ...request, headers: Object.fromEntries(kept) };
    }
    case 5:
      return { ...request, method: ['GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'HEAD'][randomInt(random, 6)] ?? '' };
    default:
      return body === undefined
        ? { ...request, body: spoiltText('x', random) }
        : { ...request, body: spoiltText(body, random) };
  }
}

/** What HTTP lets through at all: the rest would stay with the client. */
function safePath(path: string): string {
  const text = path.toWellFormed().replaceAll(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character));
  return (text.startsWith('/') ? text : `/${text}`).slice(0, 20_000);
}

function safeHeader(value: string): string {
  return value
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .trim()
    .slice(0, 20_000);
}

const signer = new Signer(account);

function signed(request: Sound): Record<string, string> {
  const headers: Record<string, string> = {
    'x-ms-date': new Date().toUTCString(),
    'x-ms-version': '2026-10-06',
    ...request.headers,
  };
  if (request.body !== undefined) headers['content-length'] = String(Buffer.byteLength(request.body));
  if (request.path.includes('sig=')) return headers;
  const question = request.path.indexOf('?');
  const search = question < 0 ? '' : request.path.slice(question);
  let query;
  try {
    query = parseQuery(search);
  } catch {
    return headers; // no text to sign: it must be refused for that
  }
  const rawPath = question < 0 ? request.path : request.path.slice(0, question);
  const { method } = request;
  const text = stringToSign(
    { method, rawPath, search, query, headers: new Map(Object.entries(headers)), metadata: [] },
    account.name,
  );
  headers['authorization'] = `SharedKey ${account.name}:${signer.sign(text)}`;
  return headers;
}

function answerTo(port: number, request: Sound, agent: Agent): Promise<number> {
  const { method, path } = request;
  return new Promise((resolve, reject) => {
    const out = send({ host: '127.0.0.1', port, method, path, headers: signed(request), agent }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
      answer.on('error', reject);
    });
    out.on('error', reject);
    out.end(request.body);
  });
}

/** Bytes that are no request; settles when the service has answered or hung up. */
function noise(port: number, random: Random): Promise<void> {
  const beginnings = [
    'GET / HTTP/1.1\r\nx: ',
    'PUT /tideway/fuzzed/d/f HTTP/1.1\r\ncontent-length: 99999999999999\r\n\r\n',
    '',
  ];
  const bytes = Buffer.concat([
    Buffer.from(beginnings[randomInt(random, beginnings.length)] ?? ''),
    random.bytes(1 + randomInt(random, 500)),
  ]);
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
    socket.on('data', () => undefined);
    socket.on('error', () => undefined); // to be hung up on is one of the two
    socket.on('close', () => resolve());
  });
}

/** `count` requests; how often each status came. All follows from the seed. */
export async function throwNonsense(port: number, seed: number, count: number): Promise<ReadonlyMap<number, number>> {
  const random = seededRandom(seed);
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const statuses = new Map<number, number>();
  // What all the others need is made anew again and again, for they also delete it.
  const roots = sound.slice(0, 3);
  for (let done = 0; done < count; done += 8) {
    for (const request of roots) await answerTo(port, request, agent);
    if (randomInt(random, 10) === 0) await noise(port, random);
    const batch = Array.from({ length: 8 }, () => spoilt(sound[randomInt(random, sound.length)] ?? roots[0]!, random));
    for (const status of await Promise.all(batch.map((request) => answerTo(port, request, agent))))
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  agent.destroy();
  return statuses;
}
