// The properties of the service ("Set Table Service Properties"): logging, metrics and CORS rules. They are checked, kept
// and given back; nothing here acts on them. An element that a request leaves out keeps what was set before.
import { refusal } from './errors.ts';
import { type Element, escapeXml, parseXml } from './xml.ts';

const retention = 'RetentionPolicy';
const metrics = (kind: string): string =>
  `<${kind}><Version>1.0</Version><Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></${kind}>`;
export const defaultProperties = `<?xml version="1.0" encoding="utf-8"?><StorageServiceProperties><Logging><Version>1.0</Version><Delete>false</Delete><Read>false</Read><Write>false</Write><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></Logging>${metrics('HourMetrics')}${metrics('MinuteMetrics')}<Cors></Cors></StorageServiceProperties>`;

const flags = new Set(['Enabled', 'IncludeAPIs', 'Delete', 'Read', 'Write']);
const corsFields = ['AllowedOrigins', 'AllowedMethods', 'AllowedHeaders', 'ExposedHeaders', 'MaxAgeInSeconds'];
const mostCorsRules = 5;
const longestRetention = 365;

/** What is kept after a request, as XML. Refuses (InvalidXmlDocument, InvalidXmlNodeValue) what the service would not take. */
export function changedProperties(kept: string, request: string): string {
  const wanted = parseXml(request);
  if (wanted.name !== 'StorageServiceProperties') throw refusal('InvalidXmlDocument');
  // What an older version kept may be no more than the one part that was set.
  const before = [...parseXml(defaultProperties).children, ...parseXml(kept).children];
  const parts = new Map(before.map((child) => [child.name, child]));
  const seen = new Set<string>();
  for (const part of wanted.children) {
    if (!parts.has(part.name) || seen.has(part.name)) throw refusal('InvalidXmlDocument');
    seen.add(part.name);
    if (part.name === 'Cors') checkCors(part);
    else checkFlags(part);
    parts.set(part.name, part);
  }
  return `<?xml version="1.0" encoding="utf-8"?><StorageServiceProperties>${[...parts.values()].map(textOf).join('')}</StorageServiceProperties>`;
}

function checkFlags(part: Element): void {
  for (const child of part.children) {
    if (flags.has(child.name) && !/^(true|false)$/.test(child.text.trim())) throw refusal('InvalidXmlNodeValue');
    if (child.name === retention) checkRetention(child);
  }
}

function checkRetention(policy: Element): void {
  checkFlags(policy);
  const enabled = policy.children.find(({ name }) => name === 'Enabled')?.text.trim();
  const days = policy.children.find(({ name }) => name === 'Days')?.text.trim();
  if (enabled === undefined || (enabled === 'true') !== (days !== undefined)) throw refusal('InvalidXmlDocument');
  if (days !== undefined && !(/^\d+$/.test(days) && Number(days) >= 1 && Number(days) <= longestRetention))
    throw refusal('InvalidXmlNodeValue');
}

function checkCors({ children }: Element): void {
  if (children.length > mostCorsRules) throw refusal('InvalidXmlDocument');
  for (const rule of children) {
    const names = new Set(rule.children.map(({ name }) => name));
    if (rule.name !== 'CorsRule' || !corsFields.every((field) => names.has(field))) throw refusal('InvalidXmlDocument');
    const age = rule.children.find(({ name }) => name === 'MaxAgeInSeconds')?.text.trim() ?? '';
    if (!/^\d+$/.test(age)) throw refusal('InvalidXmlNodeValue');
  }
}

function textOf({ name, children, text }: Element): string {
  return `<${name}>${children.length > 0 ? children.map(textOf).join('') : escapeXml(text)}</${name}>`;
}
