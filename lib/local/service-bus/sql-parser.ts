// The SQL of subscription rules: "Subscription rule SQL filter syntax" and "Subscription rule SQL action syntax".
import { badArgument } from './amqp/error.ts';
import type { DecodedMessage } from './amqp/rhea.ts';
import { systemProperty } from './system-property.ts';
import type { SystemProperty } from './system-property.ts';
import { tokens } from './sql-lexer.ts';
import type { Token } from './sql-lexer.ts';
import { and, arithmetic, compare, isComparison, like, not, or, truthOf, valueOf } from './sql-values.ts';
import type { Truth, Value } from './sql-values.ts';

export type Expression = (message: DecodedMessage) => Value;

/** A property of the sender's own, or one of those that every message has. */
export type Property =
  | { readonly scope: 'user'; readonly name: string }
  | { readonly scope: 'sys'; readonly name: SystemProperty };

/** One step of a rule's action. */
export type Statement =
  | { readonly kind: 'set'; readonly property: Property; readonly value: Expression }
  | { readonly kind: 'remove'; readonly property: Property };

const systemNames = new Map<string, SystemProperty>(
  Object.entries({
    correlationid: 'correlationId',
    messageid: 'messageId',
    to: 'to',
    replyto: 'replyTo',
    label: 'subject',
    subject: 'subject',
    sessionid: 'sessionId',
    replytosessionid: 'replyToSessionId',
    contenttype: 'contentType',
  }),
);
const reserved = new Set(['AND', 'OR', 'NOT', 'LIKE', 'IN', 'IS', 'NULL', 'ESCAPE', 'EXISTS', 'TRUE', 'FALSE']);

// A level costs a dozen stack frames.
const deepest = 100;

/** A recursive descent over one text, yielding closures. Throws an argument error that names the place. */
export class Parser {
  readonly #tokens: readonly Token[];
  readonly #newId: () => string;
  #at = 0;
  #depth = 0;

  constructor(text: string, newId: () => string) {
    this.#tokens = tokens(text);
    this.#newId = newId;
  }

  condition(): Expression {
    const condition = this.#or();
    if (this.#peek().kind !== 'end') this.#fail();
    return condition;
  }

  /** Statements to the end of the text; a semicolon ends each, but for the last. */
  statements(): Statement[] {
    const found: Statement[] = [];
    do found.push(this.#statement());
    while (this.#sign(';') && this.#peek().kind !== 'end');
    if (this.#peek().kind !== 'end') this.#fail();
    return found;
  }

  #statement(): Statement {
    if (this.#word('REMOVE')) return { kind: 'remove', property: this.#property() };
    this.#expectWord('SET');
    const property = this.#property();
    this.#expectSign('=');
    return { kind: 'set', property, value: this.#or() };
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#word('OR')) left = logic(or, left, this.#and());
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#word('AND')) left = logic(and, left, this.#not());
    return left;
  }

  #not(): Expression {
    if (!this.#word('NOT')) return this.#comparison();
    const inner = this.#deeper(() => this.#not());
    return (message) => not(truthOf(inner(message)));
  }

  #deeper(parse: () => Expression): Expression {
    if (++this.#depth > deepest) throw badArgument('SQL: the text is nested too deeply.');
    const inner = parse();
    this.#depth--;
    return inner;
  }

  #comparison(): Expression {
    const left = this.#sum();
    const { kind, text } = this.#peek();
    if (kind === 'sign' && isComparison(text)) {
      this.#at++;
      const right = this.#sum();
      return (message) => compare(text, left(message), right(message));
    }
    if (this.#word('IS')) {
      const negated = this.#word('NOT');
      this.#expectWord('NULL');
      return (message) => (left(message) === undefined) !== negated;
    }
    const negated = this.#word('NOT');
    const test = this.#word('LIKE') ? this.#like(left) : this.#word('IN') ? this.#in(left) : undefined;
    if (test !== undefined) return negated ? (message) => not(test(message)) : test;
    return negated ? this.#fail() : left;
  }

  #like(left: Expression): (message: DecodedMessage) => Truth {
    const mask = this.#sum();
    const escape = this.#word('ESCAPE') ? this.#take('text').text : undefined;
    return (message) => like(left(message), mask(message), escape);
  }

  #in(left: Expression): (message: DecodedMessage) => Truth {
    this.#expectSign('(');
    const choices: Expression[] = [];
    do choices.push(this.#sum());
    while (this.#sign(','));
    this.#expectSign(')');
    return (message) => choices.map((choice) => compare('=', left(message), choice(message))).reduce(or, false);
  }

  #sum(): Expression {
    return this.#binary(['+', '-'], () => this.#binary(['*', '/', '%'], () => this.#unary()));
  }

  #binary(signs: readonly string[], operand: () => Expression): Expression {
    let left = operand();
    for (let sign = this.#oneOf(signs); sign !== undefined; sign = this.#oneOf(signs)) {
      const [before, operator, right] = [left, sign, operand()];
      left = (message) => arithmetic(operator, before(message), right(message));
    }
    return left;
  }

  #unary(): Expression {
    const sign = this.#oneOf(['-', '+']);
    if (sign === undefined) return this.#primary();
    const inner = this.#deeper(() => this.#unary());
    return (message) => arithmetic(sign, 0, inner(message));
  }

  #primary(): Expression {
    if (this.#sign('(')) {
      const inner = this.#deeper(() => this.#or());
      this.#expectSign(')');
      return inner;
    }
    if (this.#word('EXISTS')) {
      this.#expectSign('(');
      const property = valueIn(this.#property());
      this.#expectSign(')');
      return (message) => property(message) !== undefined;
    }
    if (this.#call('NEWID')) {
      this.#expectSign(')');
      return () => this.#newId();
    }
    if (this.#call('PROPERTY') || this.#call('P')) {
      const name = this.#deeper(() => this.#sum());
      this.#expectSign(')');
      return (message) => {
        const property = name(message);
        return typeof property === 'string' ? valueOf(message.application_properties?.[property]) : undefined;
      };
    }
    if (this.#word('TRUE')) return () => true;
    if (this.#word('FALSE')) return () => false;
    if (this.#word('NULL')) return () => undefined;
    const token = this.#peek();
    if (token.kind !== 'number' && token.kind !== 'text') return valueIn(this.#property());
    this.#at++;
    const value = token.kind === 'number' ? token.value : token.text;
    return () => value;
  }

  #property(): Property {
    const first = this.#name();
    if (!this.#sign('.')) return { scope: 'user', name: first };
    const name = this.#name();
    if (first.toLowerCase() === 'user') return { scope: 'user', name };
    const system = first.toLowerCase() === 'sys' ? systemNames.get(name.toLowerCase()) : undefined;
    if (system === undefined) throw badArgument(`SQL: there is no property '${first}.${name}'.`);
    return { scope: 'sys', name: system };
  }

  #name(): string {
    const token = this.#peek();
    if (token.kind !== 'name' && (token.kind !== 'word' || reserved.has(token.text.toUpperCase()))) this.#fail();
    this.#at++;
    return token.text;
  }

  #word(word: string): boolean {
    const { kind, text } = this.#peek();
    if (kind !== 'word' || text.toUpperCase() !== word) return false;
    this.#at++;
    return true;
  }

  #call(name: string): boolean {
    const [word, sign] = [this.#peek(), this.#tokens[this.#at + 1]];
    if (word.kind !== 'word' || word.text.toUpperCase() !== name || sign?.kind !== 'sign' || sign.text !== '(')
      return false;
    this.#at += 2;
    return true;
  }

  #sign(sign: string): boolean {
    return this.#oneOf([sign]) !== undefined;
  }

  #oneOf(signs: readonly string[]): string | undefined {
    const { kind, text } = this.#peek();
    if (kind !== 'sign' || !signs.includes(text)) return undefined;
    this.#at++;
    return text;
  }

  #take(kind: Token['kind']): Token {
    const token = this.#peek();
    if (token.kind !== kind) this.#fail();
    this.#at++;
    return token;
  }

  #expectWord(word: string): void {
    if (!this.#word(word)) this.#fail();
  }

  #expectSign(sign: string): void {
    if (!this.#sign(sign)) this.#fail();
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '' };
  }

  #fail(): never {
    throw badArgument(`SQL: '${this.#peek().text || 'the end'}' is not expected at part ${this.#at + 1}.`);
  }
}

function logic(operator: (left: Truth, right: Truth) => Truth, left: Expression, right: Expression): Expression {
  return (message) => operator(truthOf(left(message)), truthOf(right(message)));
}

function valueIn({ scope, name }: Property): Expression {
  if (scope === 'sys') return (message) => valueOf(systemProperty(message, name));
  return (message) => valueOf(message.application_properties?.[name]);
}
