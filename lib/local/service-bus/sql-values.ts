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

/** `%` is any text, `_` any character; `escape` makes the next character an ordinary one. */
export function like(value: Value, mask: Value, escape: string | undefined): Truth {
  if (typeof value !== 'string' || typeof mask !== 'string') return undefined;
  return likePattern(mask, escape).test(value);
}

function likePattern(mask: string, escape: string | undefined): RegExp {
  let pattern = '';
  for (let i = 0; i < mask.length; i++) {
    const character = mask.charAt(i);
    if (character === escape && i + 1 < mask.length) pattern += literal(mask.charAt(++i));
    else if (character === '%') pattern += '.*';
    else pattern += character === '_' ? '.' : literal(character);
  }
  return new RegExp(`^${pattern}$`, 's');
}

function literal(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
}
