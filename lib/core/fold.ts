// Azure Files compares names without case. Which table it uses is not documented; ours is pinned here, so that agents and
// backend always agree: each UTF-16 unit that has a simple one-to-one upper case is replaced by it, nothing is normalised
// (NFC and NFD stay two names), and what grows or shrinks (sharp s, dotted I) stays as it is.

const cache = new Map<string, string>();

/** The fold key of a share name: two live names of one directory must not have the same (I7). */
export function fold(name: string): string {
  let out = '';
  for (let i = 0; i < name.length; i++) out += foldUnit(name[i] ?? '');
  return out;
}

function foldUnit(unit: string): string {
  const code = unit.charCodeAt(0);
  if (code < 0x80) return code >= 0x61 && code <= 0x7a ? String.fromCharCode(code - 32) : unit;
  if (code >= 0xd800 && code <= 0xdfff) return unit;
  const known = cache.get(unit);
  if (known !== undefined) return known;
  const upper = unit.toUpperCase();
  const folded = upper.length === 1 && upper.toLowerCase() === unit ? upper : unit;
  cache.set(unit, folded);
  return folded;
}
