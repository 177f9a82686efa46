const pattern = /^(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,7}))?$/;

/** Milliseconds of a .NET time span (`[d.]hh:mm:ss[.fffffff]`), or undefined where the text is none. */
export function parseTimeSpan(text: string): number | undefined {
  const parts = pattern.exec(text.trim());
  if (parts === null) return undefined;
  const [, days = '0', hours = '', minutes = '', seconds = '', fraction = '0'] = parts;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const whole = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  return whole * 1000 + Number(`0.${fraction}`) * 1000;
}

/** The inverse, as .NET prints it: `00:30:00`, `1.02:00:00.5000000`. */
export function formatTimeSpan(ms: number): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const whole = Math.floor(ms / 1000);
  const days = Math.floor(whole / 86_400);
  const fraction = Math.round((ms - whole * 1000) * 10_000);
  return [
    days > 0 ? `${days}.` : '',
    `${two(Math.floor(whole / 3600) % 24)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`,
    fraction > 0 ? `.${String(fraction).padStart(7, '0')}` : '',
  ].join('');
}
