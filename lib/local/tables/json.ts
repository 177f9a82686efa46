// JSON.parse forgets how a number was written, and here `1` is an Int32 where `1.0` is a Double.

export class NumberToken {
  readonly value: number;
  readonly isInteger: boolean;

  constructor(value: number, source: string) {
    this.value = value;
    this.isInteger = !/[.eE]/.test(source);
  }
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown;

/** Parses with every number as a NumberToken. Throws SyntaxError. */
export function parseWithNumbers(text: string): unknown {
  return parse(text, (_key, value, context) =>
    typeof value === 'number' ? new NumberToken(value, context.source ?? String(value)) : value,
  );
}

// A value follows a name's quotation mark and a colon. It may match inside a string too, which costs time only.
const pointedNumber = /"\s*:\s*-?\d+[.eE]/;

/** Parses; numbers are NumberTokens only if the text may hold one with a point or exponent, which is rare and slower. */
export function parseJson(text: string): unknown {
  return pointedNumber.test(text) ? parseWithNumbers(text) : (JSON.parse(text) as unknown);
}
