// Edm.DateTime: UTC, 100 ns, from the year 1601 on.

const shape = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,7}))?)?(Z|[+-]\d\d:\d\d)?$/i;
const earliest = Date.UTC(1601, 0, 1);

/** The service's spelling (UTC, no needless zeros) of a date and time in ISO 8601; undefined when it is none. */
export function canonicalDateTime(text: string): string | undefined {
  const [, day, minutes, seconds = '00', fraction = '', zone = 'Z'] = shape.exec(text) ?? [];
  if (day === undefined || minutes === undefined) return undefined;
  const at = Date.parse(`${day}T${minutes}:${seconds}${zone.toUpperCase()}`);
  // Date.parse lets 30 February through as 2 March.
  if (Number.isNaN(at) || at < earliest || Number(day.slice(8)) > daysIn(day)) return undefined;
  const digits = fraction.replace(/0+$/, '');
  const utc = new Date(at).toISOString();
  return utc.length === 24 ? `${utc.slice(0, 19)}${digits === '' ? '' : `.${digits}`}Z` : undefined;
}

function daysIn(day: string): number {
  return new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)), 0)).getUTCDate();
}

/** A spelling whose text order is the order in time. Takes what `canonicalDateTime` or the service itself wrote. */
export function sortableDateTime(canonical: string): string {
  return `${canonical.slice(0, 19)}.${canonical.slice(20, -1).padEnd(7, '0')}`;
}
