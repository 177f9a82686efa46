// Nonsense for the Table service, from a seed: requests that make sense, spoilt in their address, headers or body and signed
// afterwards; and bytes that are not even HTTP.
import { connect } from 'node:net';
import { randomInt, seededRandom } from '../../../lib/base/random.ts';
import type { Random } from '../../../lib/base/random.ts';
import { type Account, type RawRequest, sendRaw } from '../../contract/tables/raw.ts';

const json = { 'content-type': 'application/json' };
const entity = `{"PartitionKey":"p","RowKey":"r","n":1,"d":1.5,"l@odata.type":"Edm.Int64","l":"7","s":"text","b@odata.type":"Edm.Binary","b":"AAEC","t@odata.type":"Edm.DateTime","t":"2026-01-01T00:00:00Z","yes":true}`;
const key = "Fuzzed(PartitionKey='p',RowKey='r')";
const part = `Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nPUT http://h/fuzz/${key} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n${entity}\r\n`;
const batch = `--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n${part}--c--\r\n--b--\r\n`;
const properties = `<?xml version="1.0"?><StorageServiceProperties><HourMetrics><Version>1.0</Version><Enabled>true</Enabled><IncludeAPIs>true</IncludeAPIs><RetentionPolicy><Enabled>true</Enabled><Days>7</Days></RetentionPolicy></HourMetrics><Cors/></StorageServiceProperties>`;
const acl = `<SignedIdentifiers><SignedIdentifier><Id>a</Id><AccessPolicy><Expiry>2030-01-01</Expiry><Permission>r</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>`;
const filter = `PartitionKey eq 'p' and (n gt 1 or not (d le 2.5)) and l eq 7L and t lt datetime'2027-01-01T00:00:00Z' and b ne X'00'`;

const sound: readonly RawRequest[] = [
  { method: 'POST', path: 'Fuzzed', headers: json, body: entity },
  { method: 'PUT', path: key, headers: { ...json, 'if-match': '*' }, body: entity },
  { method: 'MERGE', path: key, headers: json, body: '{"m":1.0}' },
  { method: 'DELETE', path: key, headers: { 'if-match': `W/"datetime'2026-01-01T00%3A00%3A00.0000000Z'"` } },
  { method: 'GET', path: key, headers: { accept: 'application/json;odata=fullmetadata' } },
  { method: 'GET', path: `Fuzzed()?$filter=${encodeURIComponent(filter)}&$select=n,d&$top=5` },
  { method: 'GET', path: 'Fuzzed()?NextPartitionKey=1!4!cA&NextRowKey=1!4!cg' },
  { method: 'POST', path: '$batch', headers: { 'content-type': 'multipart/mixed; boundary=b' }, body: batch },
  { method: 'POST', path: 'Tables', headers: json, body: '{"TableName":"Fuzzed"}' },
  { method: 'GET', path: "Tables?$filter=TableName%20ge%20'F'&$top=2" },
  { method: 'PUT', path: '?restype=service&comp=properties', body: properties },
  { method: 'GET', path: '?restype=service&comp=stats' },
  { method: 'PUT', path: 'Fuzzed?comp=acl', body: acl },
  { method: 'GET', path: `${key}?sv=2020-12-06&tn=Fuzzed&sp=raud&se=2030-01-01&sig=AAAA`, scheme: 'none' },
  { method: 'GET', path: 'Fuzzed?ss=t&srt=sco&sp=rwd&se=2030-01-01&sv=2020-12-06&sig=AAAA', scheme: 'none' },
];
const crumbs = ["'", '"', '(', ')', '{', '}', '[', ']', ',', ':', '<', '>', '&', '%', '--b', '\r\n', '\n', '\\u0000']
  .concat(
    'null',
    '1e999',
    '-0',
    '99999999999999999999',
    ' eq ',
    ' and ',
    ' not ',
    "datetime'",
    "guid'",
    'X',
    '@odata.type',
  )
  .concat(
    '"__proto__":',
    '"constructor":',
    '\u{1f600}',
    '\ud83d',
    '(('.repeat(300),
    '['.repeat(2000),
    'x'.repeat(70_000),
  );

/** A piece cut out, a piece doubled, a character changed, or a crumb put in: a few times. */
export function spoiltText(text: string, random: Random): string {
  const below = (bound: number): number => randomInt(random, bound);
  let result = text;
  for (let i = 1 + below(3); i > 0; i--) {
    const at = below(result.length + 1);
    const to = at + below(20);
    const crumb = crumbs[below(crumbs.length)] ?? '';
    const middle = [
      result.slice(at, to).repeat(2),
      '',
      String.fromCharCode(below(0x250)),
      crumb + result.slice(at, to),
      crumb,
    ];
    result = result.slice(0, at) + (middle[below(middle.length)] ?? '') + result.slice(to);
  }
  return result;
}

function spoilt(request: RawRequest, random: Random): RawRequest {
  const { path, headers = {}, body } = request;
  switch (randomInt(random, 6)) {
    case 0: {
      const split = path.indexOf('?');
      const query = split < 0 ? '' : path.slice(split + 1);
      const place = spoiltText(split < 0 ? path : path.slice(0, split), random);
      return { ...request, path: safe(randomInt(random, 2) === 0 ? path : place + (query === '' ? '' : `?${query}`)) };
    }
    case 1:
      return { ...request, path: safe(spoiltText(path, random)) };
    case 2: {
      const entries = Object.entries(headers).map(([name, value]) => [name, header(spoiltText(value, random))]);
      return { ...request, headers: Object.fromEntries(entries) as Record<string, string> };
    }
    case 3:
      return {
        ...request,
        method: ['GET', 'PUT', 'POST', 'MERGE', 'PATCH', 'DELETE', 'HEAD'][randomInt(random, 7)] ?? '',
      };
    default:
      return typeof body === 'string' ? { ...request, body: spoiltText(body, random) } : request;
  }
}

/** What HTTP lets through at all: the rest would stay with the client. */
function safe(path: string): string {
  return path
    .toWellFormed()
    .replaceAll(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character))
    .slice(0, 60_000);
}

function header(value: string): string {
  return value.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 50_000);
}

/** `count` requests; how often each status came. All follows from the seed. `url` is that of the account `fuzz`. */
export async function throwNonsense(
  url: string,
  account: Account,
  seed: number,
  count: number,
): Promise<Map<number, number>> {
  const random = seededRandom(seed);
  const statuses = new Map<number, number>();
  const requests = Array.from({ length: count }, () => {
    const request = sound[randomInt(random, sound.length)] ?? sound[0]!;
    return randomInt(random, 10) === 0 ? request : spoilt(request, random);
  });
  const work = async (): Promise<void> => {
    for (let next = requests.pop(); next !== undefined; next = requests.pop()) {
      const { status } = await sendRaw(url, account, next);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all([1, 2, 3, 4].map(work));
  const raw = Array.from({ length: Math.ceil(count / 10) }, () => noise(random));
  await Promise.all(raw.map((bytes) => throwBytes(Number(new URL(url).port), bytes)));
  return statuses;
}

function noise(random: Random): Buffer {
  const head = `PUT /fuzz/${key} HTTP/1.1\r\nHost: h\r\nContent-Length: ${entity.length}\r\n\r\n${entity}`;
  const bytes = Buffer.from(spoiltText(head, random));
  for (let i = randomInt(random, 4); i > 0; i--)
    bytes.writeUInt8(randomInt(random, 256), randomInt(random, bytes.length));
  return randomInt(random, 4) === 0 ? Buffer.from(random.bytes(200)) : bytes;
}

/** Writes and leaves: whatever the service says, it says it to nobody. */
function throwBytes(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.resume();
  });
}
