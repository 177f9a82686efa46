// Entities as they are sent, kept and merged. Kept is the *fragment*: the members of the JSON object that a client with
// minimal metadata gets, without braces, keys and Timestamp; so the common read is one concatenation.
import { refusal } from './errors.ts';
import { NumberToken, parseJson, parseWithNumbers } from './json.ts';
import { checkKey } from './names.ts';
import { type EdmType, type Property, propertyOf } from './property.ts';

export interface Entity {
  readonly pk: string;
  readonly rk: string;
  readonly stamp: number;
  readonly fragment: string;
}

/** The entity in a request. Keys are absent where the client left them to the URL. */
export interface EntityBody {
  readonly partitionKey: string | undefined;
  readonly rowKey: string | undefined;
  readonly properties: readonly Property[];
}

const annotation = '@odata.type';
const maximumProperties = 252;
const maximumBytes = 1_048_576;

/** Reads an entity from a request's JSON. Refuses malformed JSON, wrong types, bad names and whatever is too large. */
export function readEntity(json: string): EntityBody {
  const object = parseObject(json);
  const properties: Property[] = [];
  for (const name of Object.keys(object)) {
    const value = object[name];
    if (name === 'PartitionKey' || name === 'RowKey' || name === 'Timestamp' || value === null) continue;
    if (name.startsWith('odata.') || name.includes('@odata.')) continue;
    properties.push(propertyOf(name, value, object[name + annotation]));
  }
  return {
    partitionKey: keyOf(object, 'PartitionKey'),
    rowKey: keyOf(object, 'RowKey'),
    properties,
  };
}

/** The JSON object in a request's body. Own keys only are to be read: `__proto__` may be one of them. */
export function parseObject(json: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = parseJson(json);
  } catch (error) {
    if (error instanceof SyntaxError) throw refusal('InvalidInput', 'The request body is not valid JSON.');
    throw error;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof NumberToken)
    throw refusal('InvalidInput', 'The request body is not a JSON object.');
  return value as Readonly<Record<string, unknown>>;
}

function keyOf(object: Readonly<Record<string, unknown>>, which: 'PartitionKey' | 'RowKey'): string | undefined {
  const value = Object.hasOwn(object, which) ? object[which] : undefined;
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw refusal('InvalidInput', `The '${which}' must be a string.`);
  return checkKey(which, value);
}

/** The fragment to keep for a whole entity. Refuses more than 252 properties and more than 1 MiB. */
export function fragmentOf(pk: string, rk: string, properties: readonly Property[]): string {
  if (properties.length > maximumProperties) throw refusal('TooManyProperties');
  let size = 4 + 2 * (pk.length + rk.length);
  for (const property of properties) size += property.size;
  if (size > maximumBytes) throw refusal('EntityTooLarge');
  return membersOf(properties, true);
}

/** Properties as members of a JSON object; names need no escapes (property.ts). `typed`: with the types JSON hides. */
export function membersOf(properties: readonly Property[], typed: boolean): string {
  let members = '';
  for (const property of properties) {
    const { name, type, text } = property;
    if (members !== '') members += ',';
    if (typed && isAnnotated(property)) members += `"${name}${annotation}":"${type}",`;
    members += `"${name}":${text}`;
  }
  return members;
}

/** With minimal metadata the service names only those types that the JSON value does not show. */
function isAnnotated(property: Property): boolean {
  switch (property.type) {
    case 'Edm.String':
    case 'Edm.Boolean':
    case 'Edm.Int32':
      return false;
    case 'Edm.Double':
      return property.text.startsWith('"');
    case 'Edm.Binary':
    case 'Edm.DateTime':
    case 'Edm.Guid':
    case 'Edm.Int64':
      return true;
  }
}

/** The properties of a kept entity, in the order they were written. */
export function propertiesOf(fragment: string): Property[] {
  const object = parseWithNumbers(`{${fragment}}`) as Readonly<Record<string, unknown>>;
  const properties: Property[] = [];
  let declared: EdmType | undefined;
  for (const name of Object.keys(object)) {
    const value = object[name];
    if (name.endsWith(annotation)) {
      declared = value as EdmType;
      continue;
    }
    // A whole Double above 2^53 shows an exponent or a point too, so an unmarked number is an Int32 for certain.
    properties.push(propertyOf(name, value, declared));
    declared = undefined;
  }
  return properties;
}

/** A merge: the old properties, those of the same name replaced, new ones at the end. */
export function merged(old: readonly Property[], changes: readonly Property[]): Property[] {
  const byName = new Map(old.map((property) => [property.name, property]));
  for (const property of changes) byName.set(property.name, property);
  return [...byName.values()];
}
