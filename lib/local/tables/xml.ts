// The little XML that the service takes: elements with text, no attributes worth keeping. Written for access policies and
// service properties; a document type (and with it every entity bomb) is refused.
import { refusal } from './errors.ts';

export interface Element {
  readonly name: string;
  readonly children: readonly Element[];
  /** The text directly inside, entities resolved. */
  readonly text: string;
}

const piece =
  /<\?[^]*?\?>|<!--[^]*?-->|<(\/?)([A-Za-z_][\w.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;
const entities = new Map(Object.entries({ lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }));
const deepest = 16;

/** Parses a document. Refuses (InvalidXmlDocument) what is not well-formed. */
export function parseXml(text: string): Element {
  const root = open('');
  const stack = [root];
  const source = text.replace(/^\uFEFF/, '');
  piece.lastIndex = 0;
  while (piece.lastIndex < source.length) {
    const match = piece.exec(source);
    const parent = stack.at(-1);
    if (match === null || parent === undefined) throw refusal('InvalidXmlDocument');
    const [, closing, name, , empty, characters] = match;
    if (characters !== undefined) parent.text += resolved(characters);
    else if (name === undefined) continue;
    else if (closing === '/') {
      if (stack.pop()?.name !== name) throw refusal('InvalidXmlDocument');
    } else {
      const element = open(name);
      parent.children.push(element);
      if (empty !== '/') stack.push(element);
      if (stack.length > deepest) throw refusal('InvalidXmlDocument');
    }
  }
  const [document] = root.children;
  if (stack.length !== 1 || root.children.length !== 1 || document === undefined || root.text.trim() !== '')
    throw refusal('InvalidXmlDocument');
  return document;
}

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

interface OpenElement {
  readonly name: string;
  readonly children: OpenElement[];
  text: string;
}

function open(name: string): OpenElement {
  return { name, children: [], text: '' };
}

function resolved(text: string): string {
  return text.replaceAll(/&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|\w+);|&/g, (_whole, entity: string | undefined) => {
    const code = entity?.startsWith('#x') === true ? Number.parseInt(entity.slice(2), 16) : Number(entity?.slice(1));
    const character =
      entity?.startsWith('#') === true && code <= 0x10ffff ? String.fromCodePoint(code) : entities.get(entity ?? '');
    if (character === undefined) throw refusal('InvalidXmlDocument');
    return character;
  });
}
