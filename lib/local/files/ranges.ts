// The allocated bytes of a file: a flat, sorted list start, end, start, end, ... of half-open ranges that do not touch.

export type Ranges = readonly number[];

export const none: Ranges = [];

export function parseRanges(text: string): Ranges {
  return text === '' ? none : text.split(' ').map(Number);
}

export function formatRanges(ranges: Ranges): string {
  return ranges.join(' ');
}

/** `ranges` and [start, end); neighbours become one. */
export function add(ranges: Ranges, start: number, end: number): Ranges {
  if (end <= start) return ranges;
  const out: number[] = [];
  let from = start;
  let to = end;
  let placed = false;
  for (let i = 0; i + 1 < ranges.length; i += 2) {
    const [a, b] = [at(ranges, i), at(ranges, i + 1)];
    if (b < from) out.push(a, b);
    else if (a > to) {
      if (!placed) out.push(from, to);
      placed = true;
      out.push(a, b);
    } else {
      from = Math.min(from, a);
      to = Math.max(to, b);
    }
  }
  if (!placed) out.push(from, to);
  return out;
}

/** `ranges` without [start, end). */
export function remove(ranges: Ranges, start: number, end: number): Ranges {
  if (end <= start) return ranges;
  const out: number[] = [];
  for (let i = 0; i + 1 < ranges.length; i += 2) {
    const [a, b] = [at(ranges, i), at(ranges, i + 1)];
    if (a < Math.min(b, start)) out.push(a, Math.min(b, start));
    if (b > Math.max(a, end)) out.push(Math.max(a, end), b);
  }
  return out;
}

/** What of `ranges` lies in [start, end). */
export function clip(ranges: Ranges, start: number, end: number): Ranges {
  const out: number[] = [];
  for (let i = 0; i + 1 < ranges.length; i += 2) {
    const a = Math.max(at(ranges, i), start);
    const b = Math.min(at(ranges, i + 1), end);
    if (a < b) out.push(a, b);
  }
  return out;
}

/** Ranges of `from` that are not in `without`. */
export function subtract(from: Ranges, without: Ranges): Ranges {
  let out = from;
  for (let i = 0; i + 1 < without.length; i += 2) out = remove(out, at(without, i), at(without, i + 1));
  return out;
}

function at(ranges: Ranges, index: number): number {
  return ranges[index] ?? 0;
}
