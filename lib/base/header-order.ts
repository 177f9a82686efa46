// Azure Storage sorts header names as .NET compares words: hyphens count only between otherwise equal names, and other
// punctuation comes before digits and letters.
const punctuation = '!#$%&*.^_`|~+';
const weights = new Map<string, string>();

function weightOf(name: string): string {
  let weight = weights.get(name);
  if (weight !== undefined) return weight;
  weight = '';
  for (const character of name) {
    const place = punctuation.indexOf(character);
    if (place >= 0) weight += String.fromCharCode(place + 1);
    else if (character !== '-' && character !== "'") weight += character;
  }
  // Names come from whoever connects: the memory for them is bounded.
  if (weights.size < 1000) weights.set(name, weight);
  return weight;
}

/** The order in which SharedKey signs `x-ms-` headers, for `sort`. */
export function byHeaderOrder(a: string, b: string): number {
  const [left, right] = [weightOf(a), weightOf(b)];
  if (left !== right) return left < right ? -1 : 1;
  return a === b ? 0 : hyphenLast(a, b);
}

/** Of two names that differ in hyphens only, the one with the earlier hyphen comes later. */
function hyphenLast(a: string, b: string): number {
  for (let i = 0; ; i++) {
    if (a[i] === b[i]) continue;
    return a[i] === '-' || a[i] === "'" ? 1 : -1;
  }
}
