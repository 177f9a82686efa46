import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { since, type Counts } from '../base/counters.ts';
import { TidewayError, messageOf } from '../base/errors.ts';
import { askHub } from './client.ts';
import { billOf, type Bill } from './cost/bill.ts';
import { metersOf, unknownMeters, type Measured } from './cost/meters.ts';
import { fillPrices, parsePrices, template, type Prices } from './cost/prices.ts';
import { numberOption, parseOptions } from './options.ts';
import { exit } from './usage.ts';

const status = z.object({ counters: z.record(z.string(), z.record(z.string(), z.number())) }).loose();
const publicList = 'https://prices.azure.com/api/retail/prices';
const listMs = 30_000;

/** What the work that was counted would cost in Azure: counters of a hub times a price file. */
export async function cost(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const own = {
    prices: text,
    counters: text,
    since: text,
    memory: text,
    region: text,
    list: text,
    template: flag,
    fetch: flag,
  };
  const parsed = parseOptions(args, own, 0);
  if (parsed.flag('template')) return print(template(parsed.text('region') ?? ''));
  const name = parsed.text('prices');
  const prices = name === undefined ? undefined : parsePrices(readText(name), name);
  if (parsed.flag('fetch')) return fetchPrices(prices, parsed.text('list') ?? publicList);
  const now = parsed.text('counters');
  const found = now === undefined ? await askHub(parsed.data, 'GET', '/hub/status', 30_000) : readJson(now);
  const before = parsed.text('since');
  const measured = added(
    before === undefined ? {} : status.parse(readJson(before)).counters,
    status.parse(found).counters,
  );
  const memory = numberOption(parsed, 'memory', 512, 4096) ?? 2048;
  const bill = billOf(metersOf(measured, memory), prices);
  if (parsed.json) return print({ ...bill, date: prices?.date, unknown: unknownMeters.map(([meter]) => meter) });
  process.stdout.write(render(bill, prices));
  return exit.done;
}

/** What was counted between two looks, service by service. */
function added(before: Measured, after: Measured): Measured {
  const services = Object.entries(after);
  return Object.fromEntries(
    services.map(([name, counts]): [string, Counts] => [name, since(before[name] ?? {}, counts)]),
  );
}

async function fetchPrices(prices: Prices | undefined, list: string): Promise<number> {
  if (prices === undefined)
    throw new TidewayError('prices_missing', 'there is no price file to fill', { hint: 'Name one with --prices.' });
  const ask = async (filter: string): Promise<unknown> => {
    const url = new URL(list);
    url.searchParams.set('$filter', filter);
    url.searchParams.set('currencyCode', prices.currency);
    const response = await fetch(url, { signal: AbortSignal.timeout(listMs) });
    if (!response.ok)
      throw new TidewayError('prices_refused', `${list} answers ${response.status}`, {
        hint: 'Correct the query that stands with the meter in the price file.',
      });
    return response.json();
  };
  const filled = await fillPrices(prices, ask, new Date().toISOString().slice(0, 10));
  for (const problem of filled.problems) process.stderr.write(`${problem}\n`);
  return print(filled.prices);
}

function print(value: unknown): number {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
  return exit.done;
}

function render(bill: Bill, prices: Prices | undefined): string {
  const rows = bill.lines.map((line) => {
    const amount = line.amount === undefined ? '-' : `${line.amount.toFixed(6)} ${bill.currency}`;
    return `${line.id.padEnd(24)} ${count(line.quantity).padStart(14)} ${line.unit.padEnd(13)} ${amount.padStart(18)}  ${line.price}`;
  });
  const head =
    prices === undefined
      ? 'No prices: name a file with --prices (tideway cost --template prints one to fill in).'
      : `Prices of ${prices.date === '' ? 'no date' : prices.date}, ${prices.region === '' ? 'no region' : prices.region}.`;
  const missing = bill.withoutPrice.length === 0 ? [] : [`without a price: ${bill.withoutPrice.join(', ')}`];
  return [
    head,
    ...rows,
    `${'counted and priced'.padEnd(24)} ${' '.repeat(28)} ${`${bill.total.toFixed(6)} ${bill.currency}`.padStart(18)}`,
    ...missing,
    'not counted here, and billed by Azure:',
    ...unknownMeters.map(([meter, why]) => `  ${meter}: ${why}`),
    '',
  ].join('\n');
}

function count(quantity: number): string {
  return Number.isInteger(quantity) ? String(quantity) : quantity.toFixed(3);
}

function readText(name: string): string {
  try {
    return readFileSync(name, 'utf8');
  } catch (cause) {
    throw new TidewayError('file_unreadable', messageOf(cause), { path: name, cause });
  }
}

function readJson(name: string): unknown {
  try {
    return JSON.parse(readText(name));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new TidewayError('file_unreadable', `${name} is not JSON`, {
      path: name,
      hint: 'Save what `tideway status --json` prints.',
      cause,
    });
  }
}
