/** As the extension writes a point in time: UTC, up to seven decimals, zeros at the end dropped. */
export function utc(ms: number, ticks = 0): string {
  const fraction = `${new Date(ms).toISOString().slice(20, 23)}${String(ticks).padStart(4, '0')}`.replace(/0+$/, '');
  return `${new Date(ms).toISOString().slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}Z`;
}

/** To the second, as the HTTP API shows when an instance was created and last changed. */
export function toSecond(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Milliseconds since 1970 of what `utc` or the library wrote. */
export function msOf(text: string): number {
  return Date.parse(text);
}

/** 100 ns since 1970 of what `utc` wrote, to all of its decimals; `Z` or not, it is UTC. */
export function ticksOf(text: string): bigint {
  const [whole = '', fraction = ''] = text.replace(/Z$/, '').split('.');
  return BigInt(Date.parse(`${whole}Z`)) * ticksAMs + BigInt(fraction.padEnd(7, '0'));
}

/** Back again. .NET leaves the zone away where it has lost it by reckoning. */
export function tickText(ticks: bigint, zone: 'Z' | '' = 'Z'): string {
  return `${utc(Number(ticks / ticksAMs), Number(ticks % ticksAMs)).slice(0, -1)}${zone}`;
}

const ticksAMs = 10_000n;
