// The values of an SQL filter. `undefined` is "unknown": what a missing property makes of every comparison it is in.

export type Value = string | number | boolean | undefined;
export type Truth = boolean | undefined;

export function valueOf(property: unknown): Value {
  if (property instanceof Date) return property.getTime();
  if (typeof property === 'string' || typeof property === 'number' || typeof property === 'boolean') return property;
  return undefined;
}

export function truthOf(value: Value): Truth {
  return typeof value === 'boolean' ? value : undefined;
}

export function not(value: Truth): Truth {
  return value === undefined ? undefined : !value;
}

export function and(left: Truth, right: Truth): Truth {
  if (left === false || right === false) return false;
  return left === undefined || right === undefined ? undefined : true;
}

export function or(left: Truth, right: Truth): Truth {
  return not(and(not(left), not(right)));
}

const comparisons: Readonly<Record<string, (difference: number) => boolean>> = {
  '=': (difference) => difference === 0,
  '<>': (difference) => difference !== 0,
  '!=': (difference) => difference !== 0,
  '<': (difference) => difference < 0,
  '<=': (difference) => difference <= 0,
  '>': (difference) => difference > 0,
  '>=': (difference) => difference >= 0,
};

export function isComparison(sign: string): boolean {
  return Object.hasOwn(comparisons, sign);
}

/** Unknown if one is unknown, or if they are of different types. */
export function compare(sign: string, left: Value, right: Value): Truth {
  if (left === undefined || right === undefined || typeof left !== typeof right) return undefined;
  const difference = left < right ? -1 : left > right ? 1 : 0;
  return comparisons[sign]?.(difference);
}

export function arithmetic(sign: string, left: Value, right: Value): Value {
  if (sign === '+' && typeof left === 'string' && typeof right === 'string') return left + right;
  if (typeof left !== 'number' || typeof right !== 'number') return undefined;
  switch (sign) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return right === 0 ? undefined : left / right;
    default:
      return right === 0 ? undefined : left % right;
  }
}

type Piece = { readonly any: 'text' | 'character' } | { readonly literal: string };

/** `%` is any text, `_` any character; `escape` makes the next character an ordinary one. */
export function like(value: Value, mask: Value, escape: string | undefined): Truth {
  if (typeof value !== 'string' || typeof mask !== 'string') return undefined;
  return matches(Array.from(value), pieces(mask, escape));
}

function pieces(mask: string, escape: string | undefined): Piece[] {
  const found: Piece[] = [];
  const characters = Array.from(mask);
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] ?? '';
    const next = characters[i + 1];
    if (character === escape && next !== undefined) {
      found.push({ literal: next });
      i++;
    } else if (character === '%') found.push({ any: 'text' });
    else found.push(character === '_' ? { any: 'character' } : { literal: character });
  }
  return found;
}

// Only the last `%` is ever tried again, so that no mask takes longer than value times mask; a regular expression made
// of a client's mask could take for ever.
function matches(value: readonly string[], mask: readonly Piece[]): boolean {
  let [at, piece] = [0, 0];
  let retry: { at: number; readonly piece: number } | undefined;
  while (at < value.length) {
    const wanted = mask[piece];
    if (wanted !== undefined && 'any' in wanted && wanted.any === 'text') retry = { at, piece: ++piece };
    else if (wanted !== undefined && ('any' in wanted || wanted.literal === value[at])) {
      at++;
      piece++;
    } else if (retry === undefined) return false;
    else {
      at = ++retry.at;
      ({ piece } = retry);
    }
  }
  return mask.slice(piece).every((rest) => 'any' in rest && rest.any === 'text');
}
