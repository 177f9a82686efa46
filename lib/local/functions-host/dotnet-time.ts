// How .NET prints points in time; each extension of Microsoft's host uses its own of these formats.

/** .NET's round-trip format: seven decimals and an offset. */
export function offsetTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -1)}0000+00:00`;
}

/** .NET's invariant format: `11/22/2026 20:43:20`. */
export function invariantTime(ms: number): string {
  const iso = new Date(ms).toISOString();
  return `${iso.slice(5, 7)}/${iso.slice(8, 10)}/${iso.slice(0, 4)} ${iso.slice(11, 19)}`;
}

/** Without a zone, as Service Bus metadata has its ...Utc times: `2026-01-02T03:04:05.678`. */
export function zonelessTime(time: Date): string {
  return trimmed(time.toISOString().slice(0, -1));
}

/** With the offset that .NET gives a DateTimeOffset in JSON: `2026-01-02T03:04:05.678+00:00`. */
export function jsonTime(time: Date): string {
  return `${zonelessTime(time)}+00:00`;
}

/** .NET's JSON writer drops zeros at the end of the fraction, and the fraction with them. */
function trimmed(iso: string): string {
  return iso.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
}
