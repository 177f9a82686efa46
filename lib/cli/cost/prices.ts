// The price file: the user fills it, or lets it be filled from a price list over HTTP. No price stands in the program.
import { z } from 'zod';
import { TidewayError, messageOf } from '../../base/errors.ts';
import type { MeterId } from './meters.ts';

const price = z.object({
  /** Of so many units; null where nobody has filled it in. */
  price: z.number().nonnegative().nullable(),
  per: z.number().positive(),
  /** Units a month that cost nothing. */
  free: z.number().nonnegative().optional(),
  /** Filter of the price list that finds exactly this one. */
  query: z.string().optional(),
});
const file = z.object({
  currency: z.string(),
  /** When the prices were valid: ISO date, or empty. */
  date: z.string(),
  region: z.string(),
  meters: z.record(z.string(), price),
});
export type Prices = z.infer<typeof file>;

/** Errors: `prices_invalid`, with the place. */
export function parsePrices(text: string, name: string): Prices {
  try {
    return file.parse(JSON.parse(text));
  } catch (cause) {
    throw new TidewayError('prices_invalid', `${name} is no price file: ${messageOf(cause)}`, {
      path: name,
      hint: 'Begin with what `tideway cost --template` prints.',
      cause,
    });
  }
}

const per: Readonly<Record<MeterId, number>> = {
  'tables.transactions': 10_000,
  'files.write': 10_000,
  'files.list': 10_000,
  'files.read': 10_000,
  'files.other': 10_000,
  'files.egress': 1,
  'serviceBus.operations': 1_000_000,
  'eventGrid.operations': 1_000_000,
  'functions.executions': 1_000_000,
  'functions.gbSeconds': 1,
};

/** A price file to fill in. */
export function template(region: string): Prices {
  const meters = Object.fromEntries(
    Object.entries(per).map(([id, units]) => [id, { price: null, per: units, query: '' }]),
  );
  return { currency: 'USD', date: '', region, meters };
}

const listed = z.object({
  Items: z.array(
    z.object({
      retailPrice: z.number(),
      currencyCode: z.string(),
      unitOfMeasure: z.string(),
      tierMinimumUnits: z.number(),
    }),
  ),
});

/** What one call of the price list answers; throws when it cannot be had. */
export type AskPrices = (filter: string) => Promise<unknown>;

/**
 * The file with the prices of every meter that has a `query`. One that finds none, or more than one, is left as it was and
 * told: a guess would be a wrong bill. `today` is an ISO date.
 */
export async function fillPrices(
  prices: Prices,
  ask: AskPrices,
  today: string,
): Promise<{ prices: Prices; problems: readonly string[] }> {
  const problems: string[] = [];
  const meters: Record<string, Prices['meters'][string]> = {};
  for (const [id, meter] of Object.entries(prices.meters)) {
    meters[id] = meter;
    if (meter.query === undefined || meter.query === '') continue;
    const found = listed.parse(await ask(meter.query)).Items.filter((item) => item.currencyCode === prices.currency);
    const [item] = found;
    const units = item === undefined ? undefined : unitsOf(item.unitOfMeasure);
    if (item === undefined || found.length > 1) problems.push(`${id}: ${found.length} prices match its query`);
    else if (units === undefined) problems.push(`${id}: the unit ${item.unitOfMeasure} is not understood`);
    else meters[id] = { ...meter, price: item.retailPrice, per: units };
  }
  return { prices: { ...prices, date: today, meters }, problems };
}

/** `10K`, `1M`, `1 GB`, `1 GB Second`: how many units a price is for. */
export function unitsOf(text: string): number | undefined {
  const [, digits, factor] = /^([\d,]+)\s*([KM]?)\b/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  return Number(digits.replaceAll(',', '')) * ({ K: 1000, M: 1_000_000 }[factor ?? ''] ?? 1);
}
