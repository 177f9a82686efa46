// The tokens of an OData $filter ("Querying tables and entities"): names, words, parentheses and typed literals.
import { canonicalDateTime, sortableDateTime } from './date-time.ts';
import { refusal } from './errors.ts';

/** Values that compare with each other have one kind: a DateTime in its sortable spelling, Binary as lower-case hex. */
export type Literal =
  | { readonly kind: 'string' | 'datetime' | 'guid' | 'binary'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number | bigint }
  | { readonly kind: 'boolean'; readonly value: boolean };

export type Token =
  | { readonly kind: 'open' | 'close' | 'end' }
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'literal'; readonly literal: Literal };

const shape =
  /\s*(?:([()])|(datetime|guid|binary|X)?'((?:[^']|'')*)'|(-?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?))([LlDdFfMm])?(?![\w.])|([\p{L}_][\p{L}\p{N}_]*))/uy;

/** Splits a filter into tokens, the last of kind `end`. Refuses (InvalidInput) what is no filter. */
export function tokensOf(filter: string): Token[] {
  const tokens: Token[] = [];
  const end = filter.trimEnd().length;
  shape.lastIndex = 0;
  while (shape.lastIndex < end) {
    const match = shape.exec(filter);
    if (match === null) throw badFilter();
    tokens.push(tokenOf(match));
  }
  tokens.push({ kind: 'end' });
  return tokens;
}

export function badFilter(): Error {
  return refusal('InvalidInput', 'The query condition specified in the request is invalid.');
}

function tokenOf([, parenthesis, prefix, quoted, number, suffix, word]: RegExpExecArray): Token {
  if (parenthesis !== undefined) return { kind: parenthesis === '(' ? 'open' : 'close' };
  if (quoted !== undefined) return { kind: 'literal', literal: quotedLiteral(prefix, quoted.replaceAll("''", "'")) };
  if (number !== undefined) return { kind: 'literal', literal: { kind: 'number', value: numberOf(number, suffix) } };
  if (word === 'true' || word === 'false')
    return { kind: 'literal', literal: { kind: 'boolean', value: word === 'true' } };
  return { kind: 'word', text: word ?? '' };
}

function quotedLiteral(prefix: string | undefined, text: string): Literal {
  switch (prefix) {
    case undefined:
      return { kind: 'string', value: text };
    case 'datetime': {
      const canonical = canonicalDateTime(text);
      if (canonical === undefined) throw badFilter();
      return { kind: 'datetime', value: sortableDateTime(canonical) };
    }
    case 'guid':
      return { kind: 'guid', value: text.toLowerCase() };
    default:
      if (!/^(?:[0-9a-f]{2})*$/i.test(text)) throw badFilter();
      return { kind: 'binary', value: text.toLowerCase() };
  }
}

function numberOf(text: string, suffix: string | undefined): number | bigint {
  if (suffix !== 'L' && suffix !== 'l') return Number(text);
  if (!/^-?\d+$/.test(text)) throw badFilter();
  return BigInt(text);
}
