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
