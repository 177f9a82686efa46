// Counted units times prices, and what of it nobody can say.
import type { Meter } from './meters.ts';
import type { Prices } from './prices.ts';

export interface Line extends Meter {
  /** Undefined where the price file has no price. */
  readonly amount: number | undefined;
  readonly price: string;
}

export interface Bill {
  readonly currency: string;
  readonly lines: readonly Line[];
  /** Of the lines that have a price. */
  readonly total: number;
  /** Ids of meters that were counted and have no price. */
  readonly withoutPrice: readonly string[];
}

export function billOf(meters: readonly Meter[], prices: Prices | undefined): Bill {
  const currency = prices?.currency ?? '';
  const lines = meters.map((meter): Line => {
    const entry = prices?.meters[meter.id];
    if (entry === undefined || entry.price === null) return { ...meter, amount: undefined, price: '' };
    const billed = Math.max(0, meter.quantity - (entry.free ?? 0));
    return { ...meter, amount: (billed / entry.per) * entry.price, price: `${entry.price} per ${entry.per}` };
  });
  return {
    currency,
    lines,
    total: lines.reduce((sum, line) => sum + (line.amount ?? 0), 0),
    withoutPrice: lines.filter((line) => line.amount === undefined && line.quantity > 0).map((line) => line.id),
  };
}
