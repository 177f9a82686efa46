// SQL filters of subscription rules: "Subscription rule SQL filter syntax". A recursive descent parser that yields
// closures; functions other than EXISTS are not there.
import { badArgument } from './amqp/error.ts';
import type { DecodedMessage } from './amqp/rhea.ts';
import { systemProperty } from './system-property.ts';
import type { SystemProperty } from './system-property.ts';
import { tokens } from './sql-lexer.ts';
import type { Token } from './sql-lexer.ts';
import { and, arithmetic, compare, isComparison, like, not, or, truthOf, valueOf } from './sql-values.ts';
import type { Truth, Value } from './sql-values.ts';

type Expression = (message: DecodedMessage) => Value;

const systemNames: Readonly<Record<string, SystemProperty>> = {
  correlationid: 'correlationId',
  messageid: 'messageId',
  to: 'to',
  replyto: 'replyTo',
  label: 'subject',
  subject: 'subject',
  sessionid: 'sessionId',
  replytosessionid: 'replyToSessionId',
  contenttype: 'contentType',
};
const reserved = new Set(['AND', 'OR', 'NOT', 'LIKE', 'IN', 'IS', 'NULL', 'ESCAPE', 'EXISTS', 'TRUE', 'FALSE']);

/** Whether a message fits; "unknown" is no. Throws an argument error that names the place. */
export function compileSql(expression: string): (message: DecodedMessage) => boolean {
  const condition = new Parser(expression).parse();
  return (message) => truthOf(condition(message)) === true;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(expression: string) {
    this.#tokens = tokens(expression);
  }

  parse(): Expression {
    const condition = this.#or();
    if (this.#peek().kind !== 'end') this.#fail();
    return condition;
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
    const inner = this.#not();
    return (message) => not(truthOf(inner(message)));
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
    const inner = this.#unary();
    return (message) => arithmetic(sign, 0, inner(message));
  }

  #primary(): Expression {
    if (this.#sign('(')) {
      const inner = this.#or();
      this.#expectSign(')');
      return inner;
    }
    if (this.#word('EXISTS')) {
      this.#expectSign('(');
      const property = this.#property();
      this.#expectSign(')');
      return (message) => property(message) !== undefined;
    }
    if (this.#word('TRUE')) return () => true;
    if (this.#word('FALSE')) return () => false;
    if (this.#word('NULL')) return () => undefined;
    const token = this.#peek();
    if (token.kind !== 'number' && token.kind !== 'text') return this.#property();
    this.#at++;
    const value = token.kind === 'number' ? token.value : token.text;
    return () => value;
  }

  #property(): Expression {
    const first = this.#name();
    if (!this.#sign('.')) return userProperty(first);
    const name = this.#name();
    if (first.toLowerCase() === 'user') return userProperty(name);
    const system = first.toLowerCase() === 'sys' ? systemNames[name.toLowerCase()] : undefined;
    if (system === undefined) throw badArgument(`SQL filter: there is no property '${first}.${name}'.`);
    return (message) => valueOf(systemProperty(message, system));
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
    throw badArgument(`SQL filter: '${this.#peek().text || 'the end'}' is not expected at part ${this.#at + 1}.`);
  }
}

function logic(operator: (left: Truth, right: Truth) => Truth, left: Expression, right: Expression): Expression {
  return (message) => operator(truthOf(left(message)), truthOf(right(message)));
}

function userProperty(name: string): Expression {
  return (message) => valueOf(message.application_properties?.[name]);
}
