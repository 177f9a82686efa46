import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ShareServiceClient, type ShareFileClient } from '@azure/storage-file-share';
import { Faults } from '../../lib/local/faults.ts';
import { rawRequest, type RawAnswer } from '../local/files/raw.ts';
import { credential, refused, world, type World } from '../local/files/world.ts';

const faults = new Faults();
let w: World;
beforeAll(async () => {
  w = await world({ faults });
});
beforeEach(() => faults.clear());
afterAll(() => w.stop());

function file(name: string): ShareFileClient {
  return w.share.rootDirectoryClient.getFileClient(name);
}

describe('planted faults', () => {
  test('a status before the act leaves nothing, one after it leaves all', async () => {
    faults.add(/^PUT \/team\/f1$/, { kind: 'status', status: 503, code: 'ServerBusy', when: 'before' });
    expect(await refused(file('f1').create(1))).toBe('ServerBusy');
    expect(await file('f1').exists()).toBe(false);
    faults.add(/^PUT \/team\/f1$/, { kind: 'status', status: 500, code: 'OperationTimedOut', when: 'after' });
    expect(await refused(file('f1').create(1))).toBe('OperationTimedOut');
    expect(await file('f1').exists()).toBe(true);
  });

  test('a drop breaks the connection before or after', async () => {
    await file('f2').create(1);
    faults.add(/^PUT \/team\/g2\?comp=rename$/, { kind: 'drop', when: 'before' });
    expect(await refused(file('f2').rename('g2'))).toBe('ECONNRESET');
    expect(await file('f2').exists()).toBe(true);
    faults.add(/^PUT \/team\/g2\?comp=rename$/, { kind: 'drop', when: 'after' });
    expect(await refused(file('f2').rename('g2'))).toBe('ECONNRESET');
    expect(await file('f2').exists()).toBe(false);
    expect(await file('g2').exists()).toBe(true);
    await file('large').create(100_000, { content: Buffer.alloc(100_000, 1), contentLength: 100_000 });
    faults.add(/^GET \/team\/large$/, { kind: 'drop', when: 'after' });
    expect(await refused(file('large').download())).toBe('ECONNRESET');
    expect((await file('large').downloadToBuffer()).length).toBe(100_000);
  });

  test('a delay only delays, and the client that retries gets through', async () => {
    faults.add(/^HEAD \/team\/f1$/, { kind: 'delay', ms: 30 });
    const start = performance.now();
    expect(await file('f1').exists()).toBe(true);
    expect(performance.now() - start).toBeGreaterThan(25);
    faults.add(/^HEAD/, { kind: 'status', status: 503, code: 'ServerBusy', when: 'before' }, 2);
    const patient = new ShareServiceClient(w.service.url, credential, { retryOptions: { retryDelayInMs: 1 } });
    expect(await patient.getShareClient('team').rootDirectoryClient.getFileClient('f1').exists()).toBe(true);
  });
});

describe('what no client of good will sends', () => {
  const raw = (
    method: string,
    path: string,
    headers?: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<RawAnswer> => rawRequest(w.service.port, method, path, headers, body);

  const create = { 'x-ms-type': 'file', 'x-ms-content-length': '1' };

  test('a well-formed request by hand works, so the refusals below are not about signing', async () => {
    expect(await raw('PUT', '/tideway/team/by-hand', create)).toEqual({ status: 201, code: '' });
    expect(await raw('PUT', '/team/by-hand-too', create)).toEqual({ status: 201, code: '' });
  });

  test.each([
    ['/tideway/team/../team/x', 400, 'InvalidResourceName'],
    ['/tideway/team/%2e%2e/x', 400, 'InvalidResourceName'],
    ['/tideway/team/%2e%2e%2fx', 400, 'InvalidResourceName'],
    ['/tideway/team/a%5cb', 400, 'InvalidResourceName'],
    ['/tideway/team/a%00b', 400, 'InvalidResourceName'],
    ['/tideway/team/a//b', 400, 'InvalidResourceName'],
    ['/tideway/team/%ff', 400, 'InvalidUri'],
    ['/tideway/team/%zz', 400, 'InvalidUri'],
    ['/tideway/team/%ed%a0%80', 400, 'InvalidUri'],
    ['/tideway/%2e%2e/x', 400, 'OutOfRangeInput'],
    ['/tideway/team/', 400, 'InvalidUri'],
  ])('PUT %s', async (path, status, code) => {
    expect(await raw('PUT', path, create)).toEqual({ status, code });
  });

  test('headers that are missing or wrong', async () => {
    const path = '/tideway/team/x';
    const expectCode = async (headers: Readonly<Record<string, string>>, code: string, body = ''): Promise<void> => {
      expect((await raw('PUT', path, headers, body)).code).toBe(code);
    };
    await expectCode({ 'x-ms-content-length': '1' }, 'MissingRequiredHeader');
    await expectCode({ ...create, 'x-ms-version': 'latest' }, 'InvalidHeaderValue');
    await expectCode({ ...create, 'if-none-match': '*' }, 'ConditionHeadersNotSupported');
    await expectCode({ 'x-ms-type': 'file' }, 'MissingRequiredHeader');
    await expectCode({ ...create, 'x-ms-content-length': '-1' }, 'InvalidHeaderValue');
    await expectCode({ ...create, 'x-ms-content-length': '1e3' }, 'InvalidHeaderValue');
    await expectCode({ ...create, 'x-ms-content-length': String(2 ** 43) }, 'OutOfRangeInput');
    await expectCode({ ...create, 'x-ms-file-last-write-time': 'yesterday' }, 'InvalidHeaderValue');
    await expectCode({ ...create, 'x-ms-structured-body': 'XSM/1.0; properties=crc64' }, 'InvalidInput');
    await expectCode({ ...create, 'x-ms-structured-body': 'XSM/2.0' }, 'InvalidHeaderValue');
    await expectCode(create, 'InvalidHeaderValue', 'longer than one');
    await expectCode(
      { ...create, 'x-ms-date': new Date(Date.now() - 3_600_000).toUTCString() },
      'AuthenticationFailed',
    );
    await expectCode({ ...create, authorization: 'SharedKey tideway:bm9uZQ==' }, 'AuthenticationFailed');
    await expectCode({ ...create, authorization: 'Bearer x' }, 'AuthenticationFailed');
    await expectCode({ ...create, 'transfer-encoding': 'chunked' }, 'MissingContentLengthHeader');
    expect(await file('x').exists()).toBe(false);
    const tooLong = await raw('PUT', `${path}?comp=range`, { 'content-length': String(5 * 2 ** 20) });
    expect(tooLong).toEqual({ status: 413, code: 'RequestBodyTooLarge' });
  });

  test('verbs, comps and ranges that are none', async () => {
    expect(await raw('PATCH', '/tideway/team/f1')).toEqual({ status: 405, code: 'UnsupportedHttpVerb' });
    expect(await raw('PUT', '/tideway/team/f1?comp=teleport')).toEqual({
      status: 400,
      code: 'InvalidQueryParameterValue',
    });
    for (const range of ['bytes=5-1', 'bytes=-5', 'lines=1-2', 'bytes=0-1,3-4'])
      expect(await raw('GET', '/tideway/team/f1', { range })).toEqual({ status: 400, code: 'InvalidHeaderValue' });
    expect(await raw('PUT', '/tideway/team/f1?comp=rename')).toEqual({ status: 400, code: 'MissingRequiredHeader' });
    const elsewhere = { 'x-ms-file-rename-source': 'http://x/tideway/other/f1' };
    expect(await raw('PUT', '/tideway/team/y?comp=rename', elsewhere)).toEqual({
      status: 400,
      code: 'InvalidHeaderValue',
    });
    const listing = await raw('GET', '/tideway/team?comp=list&maxresults=5001&restype=directory');
    expect(listing).toEqual({ status: 400, code: 'OutOfRangeQueryParameterValue' });
  });

  test('a body that ends early leaves nothing', async () => {
    const size = { ...create, 'x-ms-content-length': '100', 'content-length': '100' };
    const answer = await raw('PUT', '/tideway/team/half', size, 'only some');
    expect(answer.status).not.toBe(201);
    expect(await file('half').exists()).toBe(false);
  });
});
