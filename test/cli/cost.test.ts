import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { cost } from '../../lib/cli/cost.ts';
import { billOf } from '../../lib/cli/cost/bill.ts';
import { metersOf, type MeterId } from '../../lib/cli/cost/meters.ts';
import { fillPrices, parsePrices, template, unitsOf, type Prices } from '../../lib/cli/cost/prices.ts';

const measured = {
  tables: { requests: 7, transactions: 3, entitiesWritten: 90 },
  files: {
    'requests.CreateFile': 10,
    'requests.RenameFile': 9,
    'requests.ListDirectoriesAndFiles': 2,
    'requests.GetFile': 20,
    'requests.GetFileProperties': 1,
    'requests.DeleteFile': 5,
    'requests.LeaseFile': 1,
    bytesOut: 2 ** 30,
    bytesIn: 5,
  },
  'service-bus': { messagesIn: 4, delivered: 4, settled: 3 },
  'event-grid': { published: 2, delivered: 2, failed: 1 },
  functions: { succeeded: 5, failed: 1, busyMs: 3000 },
  hub: { 'fsyncs.files.db': 8 },
};
const quantities: Readonly<Record<MeterId, number>> = {
  'tables.transactions': 7,
  'files.write': 19,
  'files.list': 2,
  'files.read': 21,
  'files.other': 1,
  'files.egress': 1,
  'serviceBus.operations': 11,
  'eventGrid.operations': 5,
  'functions.executions': 6,
  'functions.gbSeconds': 6,
};

function priced(meters: Record<string, { price: number | null; per: number; free?: number; query?: string }>): Prices {
  return { currency: 'EUR', date: '2026-11-01', region: 'westeurope', meters };
}

describe('meters', () => {
  test('count what Azure bills: deletes are free, a transaction of many rows is one', () => {
    const found = metersOf(measured, 2048).map(({ id, quantity }) => [id, quantity]);
    expect(Object.fromEntries(found)).toEqual(quantities);
  });

  test('are all there, and nothing, when nothing was done', () => {
    expect(metersOf({}, 2048).map(({ id, quantity }) => [id, quantity])).toEqual(
      Object.keys(quantities).map((id) => [id, 0]),
    );
  });
});

describe('a bill', () => {
  test('multiplies by the units that a price is for, and leaves free ones out', () => {
    const prices = priced({
      'files.write': { price: 0.5, per: 10 },
      'tables.transactions': { price: 1, per: 1, free: 5 },
      'files.read': { price: 2, per: 1, free: 100 },
    });
    const bill = billOf(metersOf(measured, 2048), prices);
    const amounts = Object.fromEntries(bill.lines.map(({ id, amount }) => [id, amount]));
    expect(amounts).toMatchObject({ 'files.write': 0.95, 'tables.transactions': 2, 'files.read': 0 });
    expect(bill.total).toBeCloseTo(2.95, 9);
  });

  test('says which counted meters have no price, and adds none up', () => {
    const bill = billOf(
      metersOf({ tables: { requests: 3 } }, 2048),
      priced({ 'tables.transactions': { price: null, per: 1 } }),
    );
    expect(bill.withoutPrice).toEqual(['tables.transactions']);
    expect(bill.total).toBe(0);
  });
});

describe('the price file', () => {
  test('begins as a template without a single price', () => {
    const empty = template('westeurope');
    expect(parsePrices(JSON.stringify(empty), 'x')).toEqual(empty);
    expect(Object.keys(empty.meters)).toEqual(expect.arrayContaining(Object.keys(quantities)));
    expect(Object.values(empty.meters).map(({ price }) => price)).toEqual(Object.keys(quantities).map(() => null));
  });

  test.each(['{', '{}', '{"currency":"USD","date":"","region":"","meters":{"a":{"price":"1","per":1}}}'])(
    'that is none is refused: %s',
    (text) => {
      expect(() => parsePrices(text, 'p.json')).toThrow(
        expect.objectContaining({ code: 'prices_invalid', path: 'p.json' }),
      );
    },
  );

  test.each([
    ['10K', 10_000],
    ['1M', 1_000_000],
    ['1 GB Second', 1],
    ['1,000', 1000],
    ['100', 100],
    ['per month', undefined],
  ])('the unit %s', (text, units) => {
    expect(unitsOf(text)).toBe(units);
  });

  test('is filled where a query finds exactly one price in its currency', async () => {
    const item = { retailPrice: 0.015, currencyCode: 'EUR', unitOfMeasure: '10K', tierMinimumUnits: 0 };
    const answers: Record<string, unknown[]> = {
      one: [item, { ...item, currencyCode: 'USD' }],
      two: [item, { ...item, retailPrice: 0.02 }],
      none: [],
      odd: [{ ...item, unitOfMeasure: 'each' }],
    };
    const ask = (filter: string): Promise<unknown> => Promise.resolve({ Items: answers[filter] });
    const meters = Object.fromEntries(
      ['one', 'two', 'none', 'odd', ''].map((query) => [`m-${query}`, { price: null, per: 1, query }]),
    );
    const { prices, problems } = await fillPrices(priced(meters), ask, '2026-11-26');
    expect(prices.date).toBe('2026-11-26');
    expect(prices.meters['m-one']).toEqual({ price: 0.015, per: 10_000, query: 'one' });
    for (const name of ['two', 'none', 'odd', '']) expect(prices.meters[`m-${name}`]?.price).toBeNull();
    expect(problems).toEqual([
      'm-two: 2 prices match its query',
      'm-none: 0 prices match its query',
      'm-odd: the unit each is not understood',
    ]);
  });
});

describe('the command', () => {
  let dir: string;
  const file = (name: string, value: unknown): string => {
    const at = path.join(dir, name);
    writeFileSync(at, JSON.stringify(value));
    return at;
  };
  const said = async (...args: readonly string[]): Promise<string> => {
    const out: string[] = [];
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
    try {
      expect(await cost(args)).toBe(0);
    } finally {
      write.mockRestore();
    }
    return out.join('');
  };
  beforeAll(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'tideway-cost-'));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  test('bills what came between two looks, and lists what it does not know', async () => {
    const before = file('before.json', { groups: [], counters: { tables: { requests: 2 } } });
    const after = file('after.json', { groups: [], counters: measured });
    const prices = file('prices.json', priced({ 'tables.transactions': { price: 1, per: 1 } }));
    const text = await said('--since', before, '--counters', after, '--prices', prices);
    expect(text).toMatch(/^tables.transactions +5 transactions +5\.000000 EUR/m);
    expect(text).toMatch(/without a price: files\.write,/);
    expect(text).toMatch(/not counted here.*\n.*data at rest/);
    const bill = JSON.parse(await said('--since', before, '--counters', after, '--prices', prices, '--json')) as object;
    expect(bill).toMatchObject({ total: 5, currency: 'EUR', date: '2026-11-01', unknown: expect.any(Array) });
  });

  test('without prices it counts', async () => {
    expect(await said('--counters', file('only.json', { counters: measured }))).toMatch(
      /^No prices.*\n.* 7 transactions +-/m,
    );
  });

  test('fills a price file from a list over HTTP', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(new URL(request.url ?? '', 'http://x').searchParams.get('$filter') ?? '');
      const item = { retailPrice: 0.4, currencyCode: 'EUR', unitOfMeasure: '1M', tierMinimumUnits: 0 };
      response.end(JSON.stringify({ Items: [item] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const query = "serviceName eq 'Event Grid'";
      const prices = file('to-fill.json', priced({ 'eventGrid.operations': { price: null, per: 1, query } }));
      const list = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const filled = parsePrices(await said('--fetch', '--prices', prices, '--list', list), 'filled');
      expect(filled.meters['eventGrid.operations']).toEqual({ price: 0.4, per: 1_000_000, query });
      expect(asked).toEqual([query]);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test('a file that is not there, or no JSON, is named', async () => {
    await expect(cost(['--counters', path.join(dir, 'absent')])).rejects.toMatchObject({ code: 'file_unreadable' });
    const broken = path.join(dir, 'broken');
    writeFileSync(broken, '{');
    await expect(cost(['--counters', broken])).rejects.toMatchObject({ code: 'file_unreadable', path: broken });
  });
});
