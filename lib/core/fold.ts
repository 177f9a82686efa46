// Azure Files compares names without case. Which table it uses is not documented; ours is pinned in fold-table.ts, so that
// agents and backend always agree: each UTF-16 unit that has a simple one-to-one upper case is replaced by it, nothing is
// normalised (NFC and NFD stay two names), and what grows or shrinks (sharp s, dotted I) stays as it is.
import { foldRuns } from './fold-table.ts';

const upper = new Map<string, string>();
for (const [first, last, step, distance] of foldRuns)
  for (let unit = first; unit <= last; unit += step)
    upper.set(String.fromCharCode(unit), String.fromCharCode(unit + distance));

/** The fold key of a share name: two live names of one directory must not have the same (I7). */
export function fold(name: string): string {
  let out = '';
  for (let i = 0; i < name.length; i++) {
    const unit = name[i] ?? '';
    const code = unit.charCodeAt(0);
    if (code >= 0x80) out += upper.get(unit) ?? unit;
    else out += code >= 0x61 && code <= 0x7a ? String.fromCharCode(code - 32) : unit;
  }
  return out;
}
