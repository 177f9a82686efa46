// Rates of the embedded Azure Files beside a bare server that keeps the same bytes, in turn, both driven by the same raw
// client on 32 connections: node bench/services/files.ts [ROUNDS, 5 unless told]
import {
  AccountSASPermissions,
  AccountSASResourceTypes,
  AccountSASServices,
  generateAccountSASQueryParameters,
  StorageSharedKeyCredential,
} from '@azure/storage-file-share';
import { apiVersion } from '../../lib/azure/rest/files.ts';
import { drive, type RawRequest } from './raw-client.ts';
import { floor, key, say, serve } from './served.ts';

const rounds = Number(process.argv[2] ?? 5);
const lanes = 32;
const creates = 10_000;
const ranges = 256;
const small = Buffer.alloc(4096, 7);
const range = Buffer.alloc(4 * 2 ** 20, 8);

const sas = generateAccountSASQueryParameters(
  {
    expiresOn: new Date(Date.now() + 86_400_000),
    permissions: AccountSASPermissions.parse('rwdlc'),
    resourceTypes: AccountSASResourceTypes.parse('sco').toString(),
    services: AccountSASServices.parse('f').toString(),
    version: apiVersion,
  },
  new StorageSharedKeyCredential('bench', key),
).toString();

const common = `host: 127.0.0.1\r\nx-ms-version: ${apiVersion}`;
const works = ['4 KiB creates', '4 MiB ranges up', '4 MiB ranges down'] as const;
type Work = (typeof works)[number];

/** Requests a second, and microseconds of the server's CPU that one took. */
interface Rate {
  readonly perSecond: number;
  readonly cpu: number;
}

/** Rates by work of one server, freshly started. */
async function round(which: 'files' | 'bare-files'): Promise<Record<Work, Rate>> {
  const service = await serve(which);
  const url = service.address;
  const base = new URL(url).pathname.replace(/\/$/, '');
  const head = (method: string, path: string, query: string, more: string): string =>
    `${method} ${base}/share${path}?${query}${sas} HTTP/1.1\r\n${common}${more}`;
  const once = (request: RawRequest): Promise<void> => drive(url, 1, 1, () => request);
  const length = ranges * range.length;
  try {
    await once({ head: head('PUT', '', 'restype=share&', '') });
    const create = (i: number): RawRequest => ({
      head: head('PUT', `/file-${i}`, '', `\r\nx-ms-type: file\r\nx-ms-content-length: ${small.length}`),
      body: small,
    });
    await drive(url, lanes, 500, (i) => create(creates + i)); // both servers are compiled before they are measured
    const rate = async (count: number, work: () => Promise<void>): Promise<Rate> => {
      const before = await service.cpu();
      const began = performance.now();
      await work();
      const perSecond = (count / (performance.now() - began)) * 1000;
      return { perSecond, cpu: ((await service.cpu()) - before) / count };
    };
    await once({ head: head('PUT', '/large', '', `\r\nx-ms-type: file\r\nx-ms-content-length: ${length}`) });
    const span = (i: number): string => `\r\nx-ms-range: bytes=${i * range.length}-${(i + 1) * range.length - 1}`;
    const up = (i: number): RawRequest => ({
      head: head('PUT', '/large', 'comp=range&', `\r\nx-ms-write: update${span(i)}`),
      body: range,
    });
    return {
      '4 KiB creates': await rate(creates, () => drive(url, lanes, creates, create)),
      '4 MiB ranges up': await rate(ranges, () => drive(url, lanes, ranges, up)),
      '4 MiB ranges down': await rate(ranges, () =>
        drive(url, lanes, ranges, (i) => ({ head: head('GET', '/large', '', span(i)) })),
      ),
    };
  } finally {
    await service.stop();
  }
}

await floor(500);
const ours: Record<Work, Rate>[] = [];
const bare: Record<Work, Rate>[] = [];
for (let i = 0; i < rounds; i++) {
  ours.push(await round('files'));
  bare.push(await round('bare-files'));
}
const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;
for (const work of works) {
  const [a, b] = [ours, bare].map((all) => ({
    perSecond: median(all.map((rates) => rates[work].perSecond)),
    cpu: median(all.map((rates) => rates[work].cpu)),
  })) as [Rate, Rate];
  const shown = ({ perSecond, cpu }: Rate): string => `${perSecond.toFixed(0)}/s (${cpu.toFixed(0)} us of CPU each)`;
  say(work, `${shown(a)}, bare ${shown(b)}: ${((100 * a.perSecond) / b.perSecond).toFixed(0)} %`);
}
