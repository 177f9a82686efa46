// Stored access policies: signatures may name one instead of carrying times and permissions, and end with it.
import { refusal } from './errors.ts';
import { type Element, escapeXml, parseXml } from './xml.ts';

export interface Policy {
  readonly id: string;
  readonly start: string;
  readonly expiry: string;
  readonly permission: string;
}

const maximum = 5;

/** Reads `<SignedIdentifiers>`. Refuses malformed XML, more than five policies, a bad id, date or permission. */
export function readPolicies(xml: string): readonly Policy[] {
  if (xml.trim() === '') return [];
  const document = parseXml(xml);
  if (document.name !== 'SignedIdentifiers' || document.children.length > maximum) throw refusal('InvalidXmlDocument');
  const policies = document.children.map(policyIn);
  if (new Set(policies.map(({ id }) => id)).size !== policies.length) throw refusal('InvalidXmlDocument');
  return policies;
}

function policyIn(element: Element): Policy {
  const id = child(element, 'Id')?.text.trim() ?? '';
  const policy = child(element, 'AccessPolicy');
  const text = (name: string): string => (policy === undefined ? '' : (child(policy, name)?.text.trim() ?? ''));
  const start = text('Start');
  const expiry = text('Expiry');
  const permission = text('Permission');
  const isDate = (date: string): boolean => date === '' || !Number.isNaN(Date.parse(date));
  if (element.name !== 'SignedIdentifier' || id === '' || id.length > 64) throw refusal('InvalidXmlDocument');
  if (!isDate(start) || !isDate(expiry) || !/^[raud]*$/.test(permission)) throw refusal('InvalidXmlDocument');
  return { id, start, expiry, permission };
}

function child(element: Element, name: string): Element | undefined {
  return element.children.find((candidate) => candidate.name === name);
}

export function policiesXml(policies: readonly Policy[]): string {
  const items = policies.map(
    ({ id, start, expiry, permission }) =>
      `<SignedIdentifier><Id>${escapeXml(id)}</Id><AccessPolicy>${optional('Start', start)}${optional('Expiry', expiry)}${optional('Permission', permission)}</AccessPolicy></SignedIdentifier>`,
  );
  return `<?xml version="1.0" encoding="utf-8"?><SignedIdentifiers>${items.join('')}</SignedIdentifiers>`;
}

function optional(name: string, value: string): string {
  return value === '' ? '' : `<${name}>${escapeXml(value)}</${name}>`;
}
