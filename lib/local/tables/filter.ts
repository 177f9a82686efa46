// The grammar of $filter, by recursive descent:
//   or := and ('or' and)*      and := unary ('and' unary)*      unary := 'not' unary | primary
//   primary := '(' or ')' | operand (('eq'|'ne'|'gt'|'ge'|'lt'|'le') operand)?
// A comparison has a property on one side and a literal on the other; a property alone is a Boolean.
import { badFilter, type Literal, type Token, tokensOf } from './filter-lexer.ts';

export type Comparator = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le';

export type Filter =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Filter[] }
  | { readonly kind: 'not'; readonly term: Filter }
  | { readonly kind: 'constant'; readonly value: boolean }
  | Comparison;

export interface Comparison {
  readonly kind: 'compare';
  readonly property: string;
  readonly comparator: Comparator;
  readonly literal: Literal;
}

const mirrored: Readonly<Record<Comparator, Comparator>> = {
  eq: 'eq',
  ne: 'ne',
  gt: 'lt',
  ge: 'le',
  lt: 'gt',
  le: 'ge',
};
const keywords = new Set(['and', 'or', 'not', ...Object.keys(mirrored)]);
// A client's URL may hold tens of thousands of parentheses; each costs a few stack frames.
const deepest = 200;

/** Parses a filter. Refuses (InvalidInput) what the service would not understand. */
export function parseFilter(text: string): Filter {
  const parser = new Parser(tokensOf(text));
  return parser.whole();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Filter {
    const filter = this.#or();
    if (this.#next().kind !== 'end') throw badFilter();
    return filter;
  }

  #or(): Filter {
    if (++this.#depth > deepest) throw badFilter();
    const terms = [this.#and()];
    while (this.#takes('or')) terms.push(this.#and());
    this.#depth--;
    return joined('or', terms);
  }

  #and(): Filter {
    const terms = [this.#unary()];
    while (this.#takes('and')) terms.push(this.#unary());
    return joined('and', terms);
  }

  #unary(): Filter {
    let negations = 0;
    while (this.#takes('not')) negations++;
    const term = this.#primary();
    return negations % 2 === 0 ? term : { kind: 'not', term };
  }

  #primary(): Filter {
    const token = this.#next();
    if (token.kind === 'open') {
      const inner = this.#or();
      if (this.#next().kind !== 'close') throw badFilter();
      return inner;
    }
    const comparator = this.#comparator();
    if (comparator === undefined) {
      if (token.kind === 'literal' && token.literal.kind === 'boolean')
        return { kind: 'constant', value: token.literal.value };
      return compare(propertyIn(token), 'eq', { kind: 'boolean', value: true });
    }
    const other = this.#next();
    if (token.kind === 'literal') return compare(propertyIn(other), mirrored[comparator], token.literal);
    if (other.kind !== 'literal') throw badFilter();
    return compare(propertyIn(token), comparator, other.literal);
  }

  #comparator(): Comparator | undefined {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word' || !Object.hasOwn(mirrored, token.text)) return undefined;
    this.#at++;
    return token.text as Comparator;
  }

  #takes(word: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word' || token.text !== word) return false;
    this.#at++;
    return true;
  }

  #next(): Token {
    return this.#tokens[this.#at++] ?? { kind: 'end' };
  }
}

function joined(kind: 'and' | 'or', terms: readonly Filter[]): Filter {
  const [first] = terms;
  return terms.length === 1 && first !== undefined ? first : { kind, terms };
}

function propertyIn(token: Token): string {
  if (token.kind !== 'word' || keywords.has(token.text)) throw badFilter();
  return token.text;
}

function compare(property: string, comparator: Comparator, literal: Literal): Comparison {
  return { kind: 'compare', property, comparator, literal };
}
