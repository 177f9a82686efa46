export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly count: number;
}

/** Undefined of nothing. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  const [least, most] = [sorted[0], sorted.at(-1)];
  if (low === undefined || high === undefined || least === undefined || most === undefined) return undefined;
  return { median: (low + high) / 2, least, most, count: sorted.length };
}

/** Three digits that mean something: 0.0123, 1.23, 123. */
export function digits(value: number): string {
  if (value === 0) return '0';
  return String(
    value >= 100 ? Math.round(value) : Number(value.toPrecision(value >= 10 ? 3 : 2 + (value >= 1 ? 1 : 0))),
  );
}

/** `1.2 (1.1-1.4)`; of one run the value alone. */
export function spelled(spread: Spread | undefined): string {
  if (spread === undefined) return '-';
  const { median, least, most, count } = spread;
  return count === 1 ? digits(median) : `${digits(median)} (${digits(least)}-${digits(most)})`;
}
