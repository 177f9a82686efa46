import { badArgument } from './amqp/error.ts';

export type Token =
  | { readonly kind: 'text' | 'name' | 'word' | 'sign'; readonly text: string }
  | { readonly kind: 'number'; readonly text: string; readonly value: number }
  | { readonly kind: 'end'; readonly text: '' };

// In this order: a name in brackets or quotes, text, number, word or plain name, sign.
const pattern =
  /\s*(?:\[((?:[^\]]|\]\])+)\]|"((?:[^"]|"")+)"|'((?:[^']|'')*)'|(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)|([\p{L}_@#][\p{L}\p{N}_@#$]*)|(<=|>=|<>|!=|[=<>()+\-*/%,.;]))/uy;

/** Throws an argument error for a character that belongs to no token. */
export function tokens(expression: string): Token[] {
  const found: Token[] = [];
  const end = expression.trimEnd().length;
  pattern.lastIndex = 0;
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex;
    const match = pattern.exec(expression);
    if (match === null) throw badArgument(`SQL: '${expression.slice(at, at + 10)}' is not understood.`);
    found.push(tokenOf(match));
  }
  found.push({ kind: 'end', text: '' });
  return found;
}

function tokenOf([, bracketed, quoted, text, number, word, sign]: RegExpExecArray): Token {
  if (bracketed !== undefined) return { kind: 'name', text: bracketed.replaceAll(']]', ']') };
  if (quoted !== undefined) return { kind: 'name', text: quoted.replaceAll('""', '"') };
  if (text !== undefined) return { kind: 'text', text: text.replaceAll("''", "'") };
  if (number !== undefined) return { kind: 'number', text: number, value: Number(number) };
  if (word !== undefined) return { kind: 'word', text: word };
  return { kind: 'sign', text: sign ?? '' };
}
