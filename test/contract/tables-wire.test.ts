// What arrives from other hands than the official client's: other spellings of the protocol, and nonsense.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTables, type TableService } from '../../lib/local/tables/service.ts';
import { type RawRequest, type RawResponse, sendRaw } from './tables/raw.ts';

const account = { name: 'wire', key: Buffer.alloc(64, 9).toString('base64') };
let service: TableService;

beforeAll(async () => {
  service = await startTables({ file: ':memory:', account });
  await send({ method: 'POST', path: 'Tables', body: '{"TableName":"Things"}' });
});
afterAll(() => service.stop());

const send = (raw: RawRequest): Promise<RawResponse> => sendRaw(service.url, account, raw);
const json = { 'content-type': 'application/json' };
const entity = (row: string): string => `Things(PartitionKey='p',RowKey='${row}')`;
const put = (row: string, body: string): Promise<RawResponse> =>
  send({ method: 'PUT', path: entity(row), headers: json, body });

describe('other spellings', () => {
  test('Shared Key, with every part signed', async () => {
    await put('shared', '{}');
    const headers = { ...json, 'content-md5': 'abc' };
    expect(await send({ method: 'GET', path: entity('shared'), scheme: 'SharedKey', headers })).toMatchObject({
      status: 200,
    });
    const body = '{"a":1}';
    expect(await send({ method: 'PUT', path: entity('shared'), scheme: 'SharedKey', headers, body })).toMatchObject({
      status: 204,
    });
  });

  test('MERGE, and methods tunnelled through POST', async () => {
    await put('merge', '{"a":1}');
    await send({ method: 'MERGE', path: entity('merge'), headers: json, body: '{"b":2}' });
    const tunnel = { ...json, 'x-http-method': 'MERGE' };
    await send({ method: 'POST', path: entity('merge'), headers: tunnel, body: '{"c":3}' });
    const found = await send({ method: 'GET', path: entity('merge') });
    expect(JSON.parse(found.text)).toMatchObject({ a: 1, b: 2, c: 3 });
    const wrong = await send({ method: 'POST', path: entity('merge'), headers: { 'x-http-method': 'COPY' } });
    expect(wrong).toMatchObject({ status: 400, code: 'XMethodIncorrectValue' });
    const twice = await send({ method: 'PUT', path: entity('merge'), headers: tunnel });
    expect(twice).toMatchObject({ status: 400, code: 'XMethodNotUsingPost' });
  });

  test('keys in the other order, and percent-encoded', async () => {
    await put('order', '{}');
    expect((await send({ method: 'GET', path: "Things(RowKey='order',PartitionKey='p')" })).status).toBe(200);
    const encoded = 'Things%28PartitionKey%3D%27p%27%2CRowKey%3D%27order%27%29';
    expect((await send({ method: 'GET', path: encoded })).status).toBe(200);
  });

  test('metadata as much as was asked for', async () => {
    await put('meta', '{"n":1,"d":0.5,"l@odata.type":"Edm.Int64","l":"7"}');
    const read = async (level: string): Promise<Record<string, unknown>> => {
      const path = `${entity('meta')}?$format=${encodeURIComponent(`application/json;odata=${level}`)}`;
      return JSON.parse((await send({ method: 'GET', path })).text) as Record<string, unknown>;
    };
    const { url } = service;
    const { Timestamp, ...bare } = await read('nometadata');
    expect(Timestamp).toMatch(/Z$/);
    expect(bare).toEqual({ PartitionKey: 'p', RowKey: 'meta', n: 1, d: 0.5, l: '7' });
    expect(await read('minimalmetadata')).toEqual({
      'odata.metadata': `${url}/$metadata#Things/@Element`,
      'odata.etag': expect.stringMatching(/^W\//),
      Timestamp,
      ...bare,
      'l@odata.type': 'Edm.Int64',
    });
    expect(await read('fullmetadata')).toMatchObject({
      'odata.type': 'wire.Things',
      'odata.id': `${url}/Things(PartitionKey='p',RowKey='meta')`,
      'odata.editLink': "Things(PartitionKey='p',RowKey='meta')",
      'Timestamp@odata.type': 'Edm.DateTime',
      'l@odata.type': 'Edm.Int64',
    });
  });

  test('an insert that wants its entity back', async () => {
    const body = '{"PartitionKey":"p","RowKey":"it\'s","whole":1.0,"Timestamp":"2001-01-01T00:00:00Z"}';
    const inserted = await send({ method: 'POST', path: 'Things', headers: json, body });
    expect(inserted.status).toBe(201);
    expect(inserted.text).toMatch(/"whole":1\.0\}$/);
    expect(inserted.text).not.toMatch(/2001-01-01/);
    expect(inserted.headers['location']).toBe(`${service.url}/Things(PartitionKey='p',RowKey='it''s')`);
    expect(inserted.headers['etag']).toBe((JSON.parse(inserted.text) as Record<string, string>)['odata.etag']);
  });

  test('statistics, which Azure has on the secondary only', async () => {
    const stats = await send({ method: 'GET', path: '?restype=service&comp=stats' });
    expect(stats).toMatchObject({ status: 200, text: expect.stringMatching(/<Status>live<\/Status>/) });
  });

  test('a query in a batch', async () => {
    await put('batched', '{"a":1}');
    const part = `Content-Type: application/http\n\nGET ${service.url}/${entity('batched')} HTTP/1.1\nAccept: application/json;odata=nometadata\n\n`;
    const found = await batch(`--b\n${part}\n--b--\n`);
    expect(found.status).toBe(202);
    expect(found.text).toMatch(/HTTP\/1\.1 200 OK[^]*"RowKey":"batched"[^]*"a":1/);
  });
});

const batch = (body: string, type = 'multipart/mixed; boundary=b'): Promise<RawResponse> =>
  send({ method: 'POST', path: '$batch', headers: { 'content-type': type }, body });

describe('nonsense is refused, and the service goes on', () => {
  const cases: readonly (readonly [string, RawRequest, number, string])[] = [
    ['no authorization', { method: 'GET', path: 'Tables', scheme: 'none' }, 403, 'AuthenticationFailed'],
    ['an unknown scheme', bad({ authorization: 'Basic d2lyZTp4' }), 403, 'AuthenticationFailed'],
    ['another account', bad({ authorization: 'SharedKeyLite other:AAAA' }), 403, 'AuthenticationFailed'],
    ['a signature of odd length', bad({ authorization: 'SharedKeyLite wire:AA' }), 403, 'AuthenticationFailed'],
    ['a version that is none', bad({ 'x-ms-version': 'latest' }), 400, 'InvalidHeaderValue'],
    ['JSON that is cut off', write('{"a":'), 400, 'InvalidInput'],
    ['no JSON', write(''), 400, 'InvalidInput'],
    ['a JSON array', write('[]'), 400, 'InvalidInput'],
    ['a number for an entity', write('1.5'), 400, 'InvalidInput'],
    ['an object for a value', write('{"a":{}}'), 400, 'InvalidInput'],
    ['a type that does not exist', write('{"a@odata.type":"Edm.Int16","a":1}'), 400, 'InvalidInput'],
    [
      'a name from the prototype for a Double',
      write('{"a@odata.type":"Edm.Double","a":"constructor"}'),
      400,
      'InvalidInput',
    ],
    ['a 33-bit Int32', write('{"a@odata.type":"Edm.Int32","a":2147483648}'), 400, 'InvalidInput'],
    ['a 65-bit Int64', write('{"a@odata.type":"Edm.Int64","a":"9223372036854775808"}'), 400, 'InvalidInput'],
    ['30 February', write('{"a@odata.type":"Edm.DateTime","a":"2026-02-30T00:00:00Z"}'), 400, 'InvalidInput'],
    ['Base64 with a hole', write('{"a@odata.type":"Edm.Binary","a":"AAA"}'), 400, 'InvalidInput'],
    ['a Guid that is none', write('{"a@odata.type":"Edm.Guid","a":"123"}'), 400, 'InvalidInput'],
    ['bytes that are not UTF-8', { ...write(''), body: new Uint8Array([123, 255, 125]) }, 400, 'InvalidInput'],
    ['keys unlike those of the URL', write('{"RowKey":"other"}'), 400, 'InvalidInput'],
    ['an insert without keys', { method: 'POST', path: 'Things', body: '{"a":1}' }, 400, 'PropertiesNeedValue'],
    [
      'a number for a key',
      { method: 'POST', path: 'Things', body: '{"PartitionKey":1,"RowKey":"r"}' },
      400,
      'InvalidInput',
    ],
    ['more than 4 MiB', write(`{"a":"${'x'.repeat(4_200_000)}"}`), 413, 'RequestBodyTooLarge'],
    ['a delete without If-Match', { method: 'DELETE', path: entity('x') }, 400, 'MissingRequiredHeader'],
    ['an ETag of another service', etag('W/"0x8D"'), 400, 'InvalidInput'],
    ['If-None-Match', { ...write('{}'), headers: { 'if-none-match': '*' } }, 400, 'InvalidInput'],
    [
      'Atom',
      { method: 'GET', path: 'Things()', headers: { accept: 'application/atom+xml' } },
      415,
      'AtomFormatNotSupported',
    ],
    ['a method that is none of the entity', { method: 'POST', path: entity('x'), body: '{}' }, 405, 'MethodNotAllowed'],
    ['a method that is none of the table', { method: 'PUT', path: "Tables('Things')" }, 405, 'MethodNotAllowed'],
    ['a path that names nothing', { method: 'GET', path: 'Things(1)' }, 400, 'InvalidUri'],
    ['half an escape', { method: 'GET', path: 'Things%E0%A4%A()' }, 400, 'InvalidUri'],
    ['$top=0', { method: 'GET', path: 'Things()?$top=0' }, 400, 'InvalidInput'],
    ['$top=1001', { method: 'GET', path: 'Things()?$top=1001' }, 400, 'InvalidInput'],
    ['an order', { method: 'GET', path: 'Things()?$orderby=RowKey' }, 501, 'NotImplemented'],
    ['a count of tables', { method: 'GET', path: 'Tables?$inlinecount=allpages' }, 501, 'NotImplemented'],
    ['a made-up continuation', { method: 'GET', path: 'Things()?NextPartitionKey=abc' }, 400, 'InvalidInput'],
    ['a filter that nests for ever', deep('('.repeat(5000)), 400, 'InvalidInput'],
    ['a table name with a hyphen', table('no-hyphens'), 400, 'InvalidResourceName'],
    ['a table name of two letters', table('ab'), 400, 'OutOfRangeInput'],
    ['the table named Tables', table('tables'), 400, 'InvalidResourceName'],
    ['a policy document that is cut off', acl('<SignedIdentifiers><SignedIdentifier>'), 400, 'InvalidXmlDocument'],
    ['properties that are none', properties('<Other/>'), 400, 'InvalidXmlDocument'],
    ['the service without a component', { method: 'GET', path: '' }, 400, 'InvalidQueryParameterValue'],
    ['a document type', acl('<!DOCTYPE x [<!ENTITY y "z">]><SignedIdentifiers/>'), 400, 'InvalidXmlDocument'],
    ['a batch without boundary', { method: 'POST', path: '$batch', body: '--b--' }, 400, 'InvalidInput'],
    ['a batch by GET', { method: 'GET', path: '$batch' }, 405, 'MethodNotAllowed'],
  ];

  test.each(cases)('%s', async (_what, raw, status, code) => {
    expect(await send(raw)).toMatchObject({ status, code });
    expect((await send({ method: 'GET', path: 'Tables' })).status).toBe(200);
  });

  test('batches that are cut off or mixed up', async () => {
    const part = `Content-Type: application/http\n\nPUT /wire/${entity('x')} HTTP/1.1\n\n{}\n`;
    const whole = `--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n${part}--c--\n--b--\n`;
    expect((await batch(whole)).text).toMatch(/HTTP\/1\.1 204 No Content/);
    for (const length of [0, 10, 60, 100, whole.length - 6]) {
      expect(await batch(whole.slice(0, length))).toMatchObject({ status: 400, code: 'InvalidInput' });
    }
    const bads = ['PUT HTTP/1.1', 'PUT /wire/Things(1) HTTP/1.1', 'PUT relative HTTP/1.1'];
    for (const line of bads) {
      const { status, text } = await batch(whole.replace(/PUT .*/, line));
      expect([status, status === 400 || /HTTP\/1\.1 400/.test(text)]).toEqual([status, true]);
    }
  });

  test('headers beyond all limits', async () => {
    const huge = await send({ method: 'GET', path: 'Tables', headers: { 'x-huge': 'x'.repeat(70_000) } });
    expect(huge.status).toBe(431);
    expect((await send({ method: 'GET', path: `Things()?$filter=${'x'.repeat(30_000)}` })).status).toBe(200);
  });

  function bad(headers: Record<string, string>): RawRequest {
    return { method: 'GET', path: 'Tables', headers };
  }
  function write(body: string): RawRequest {
    return { method: 'PUT', path: entity('x'), headers: json, body };
  }
  function etag(value: string): RawRequest {
    return { method: 'DELETE', path: entity('x'), headers: { 'if-match': value } };
  }
  function deep(filter: string): RawRequest {
    return { method: 'GET', path: `Things()?$filter=${filter}` };
  }
  function table(name: string): RawRequest {
    return { method: 'POST', path: 'Tables', body: JSON.stringify({ TableName: name }) };
  }
  function properties(body: string): RawRequest {
    return { method: 'PUT', path: '?restype=service&comp=properties', body };
  }
  function acl(body: string): RawRequest {
    return { method: 'PUT', path: 'Things?comp=acl', body };
  }
});
