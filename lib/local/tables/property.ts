// One property of an entity: its name, its Edm type, and its value as the JSON text that the service answers with.
import { canonicalDateTime } from './date-time.ts';
import { refusal } from './errors.ts';
import { NumberToken } from './json.ts';

export type EdmType =
  | 'Edm.Binary'
  | 'Edm.Boolean'
  | 'Edm.DateTime'
  | 'Edm.Double'
  | 'Edm.Guid'
  | 'Edm.Int32'
  | 'Edm.Int64'
  | 'Edm.String';

export interface Property {
  readonly name: string;
  readonly type: EdmType;
  readonly text: string;
  /** Bytes counted towards the 1 MiB of an entity. */
  readonly size: number;
}

interface Value {
  readonly type: EdmType;
  readonly text: string;
  readonly bytes: number;
}

const valueBytes = 65_536;
const guidShape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const base64Shape = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const integerShape = /^-?\d{1,19}$/;
const decimalShape = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const namedDoubles = new Map(
  Object.entries({ NaN: Number.NaN, Infinity, INF: Infinity, '-Infinity': -Infinity, '-INF': -Infinity }),
);
const smallName = /^[A-Za-z_][A-Za-z0-9_]*$/;
// Names are C# identifiers.
const anyName = /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}\p{Pc}\p{Cf}]*$/u;

/**
 * Checks a property of a request; `declared` is its `@odata.type`. Refuses a bad name, a value that does not fit its
 * type, and values above 64 KiB. A null is no property (the caller drops it).
 */
export function propertyOf(name: string, value: unknown, declared: unknown): Property {
  if (name.length > 255) throw refusal('PropertyNameTooLong');
  if (!smallName.test(name) && !anyName.test(name)) throw refusal('PropertyNameInvalid');
  const parsed = declared === undefined ? inferred(value) : typed(value, declared);
  if (parsed === undefined) throw refusal('InvalidInput', `The value of the property '${name}' does not fit its type.`);
  if (parsed.bytes > valueBytes + 4) throw refusal('PropertyValueTooLarge');
  return { name, type: parsed.type, text: parsed.text, size: 8 + 2 * name.length + parsed.bytes };
}

function inferred(value: unknown): Value | undefined {
  if (typeof value === 'string') return stringValue(value);
  if (typeof value === 'boolean') return { type: 'Edm.Boolean', text: String(value), bytes: 1 };
  if (typeof value === 'number') return numberValue(value, Number.isInteger(value));
  if (value instanceof NumberToken) return numberValue(value.value, value.isInteger);
  return undefined;
}

/** A whole number beyond 32 bits without a type is a Double, as the service reads it. */
function numberValue(value: number, isInteger: boolean): Value {
  return isInteger && value === (value | 0) ? int32Value(value) : doubleValue(value);
}

function typed(value: unknown, declared: unknown): Value | undefined {
  const plain = value instanceof NumberToken ? value.value : value;
  const text = typeof plain === 'string' ? plain : undefined;
  switch (declared) {
    case 'Edm.String':
      return text === undefined ? undefined : stringValue(text);
    case 'Edm.Boolean':
      return plain === true || plain === false || text === 'true' || text === 'false'
        ? { type: 'Edm.Boolean', text: String(plain), bytes: 1 }
        : undefined;
    case 'Edm.Int32': {
      const number = text === undefined ? plain : integerShape.test(text) ? Number(text) : undefined;
      return typeof number === 'number' && number === (number | 0) ? int32Value(number) : undefined;
    }
    case 'Edm.Int64':
      return int64Value(typeof plain === 'number' && Number.isSafeInteger(plain) ? String(plain) : text);
    case 'Edm.Double':
      return typeof plain === 'number' ? doubleValue(plain) : doubleOfText(text);
    case 'Edm.DateTime': {
      const canonical = text === undefined ? undefined : canonicalDateTime(text);
      return canonical === undefined ? undefined : { type: 'Edm.DateTime', text: `"${canonical}"`, bytes: 8 };
    }
    case 'Edm.Guid':
      return text !== undefined && guidShape.test(text)
        ? { type: 'Edm.Guid', text: `"${text.toLowerCase()}"`, bytes: 16 }
        : undefined;
    case 'Edm.Binary':
      return text !== undefined && base64Shape.test(text)
        ? { type: 'Edm.Binary', text: `"${text}"`, bytes: 4 + Buffer.byteLength(text, 'base64') }
        : undefined;
    default:
      return undefined;
  }
}

function stringValue(value: string): Value {
  return { type: 'Edm.String', text: JSON.stringify(value), bytes: 4 + 2 * value.length };
}

function int32Value(value: number): Value {
  return { type: 'Edm.Int32', text: String(value), bytes: 4 };
}

function int64Value(text: string | undefined): Value | undefined {
  if (text === undefined || !integerShape.test(text)) return undefined;
  const value = BigInt(text);
  return value === BigInt.asIntN(64, value) ? { type: 'Edm.Int64', text: `"${value}"`, bytes: 8 } : undefined;
}

function doubleOfText(text: string | undefined): Value | undefined {
  if (text === undefined) return undefined;
  const named = namedDoubles.get(text);
  if (named !== undefined) return doubleValue(named);
  return decimalShape.test(text) ? doubleValue(Number(text)) : undefined;
}

/** A whole Double keeps its point (`5.0`): that is all that tells it from an Int32 in the answer. */
function doubleValue(value: number): Value {
  const digits = Object.is(value, -0) ? '-0' : String(value);
  if (!Number.isFinite(value)) return { type: 'Edm.Double', text: `"${digits}"`, bytes: 8 };
  return { type: 'Edm.Double', text: /[.e]/.test(digits) ? digits : `${digits}.0`, bytes: 8 };
}
