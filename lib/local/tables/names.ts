// Rules for names and keys ("Understanding the Table service data model"), and the order of keys.
import { refusal } from './errors.ts';

const tableName = /^[A-Za-z][A-Za-z0-9]*$/;
// "/", "\", "#", "?", the control characters, and half a surrogate pair, which could not be stored.
const forbiddenInKey = /[/\\#?\p{Cc}]/u;
const keyUnits = 512;

/** Refuses what cannot name a table; two names that differ only in case are one table. */
export function checkTableName(name: unknown): string {
  if (typeof name !== 'string' || name === '') throw refusal('InvalidInput', 'The specified table name is empty.');
  if (name.length < 3 || name.length > 63)
    throw refusal('OutOfRangeInput', 'The specified resource name length is not within the permissible limits.');
  if (!tableName.test(name) || name.toLowerCase() === 'tables') throw refusal('InvalidResourceName');
  return name;
}

/** A key of an entity that is to be written: at most 1 KiB of UTF-16, without the forbidden characters. */
export function checkKey(which: 'PartitionKey' | 'RowKey', value: string): string {
  if (value.length > keyUnits) throw refusal('KeyValueTooLarge');
  if (forbiddenInKey.test(value) || !value.isWellFormed())
    throw refusal('OutOfRangeInput', `The '${which}' parameter of value '${value.toWellFormed()}' is out of range.`);
  return value;
}

/**
 * Orders two strings as SQLite orders them (UTF-8 bytes, that is code points). JavaScript's `<` orders UTF-16 units and
 * would put U+1F600 before U+FFFD: a query evaluated here would then disagree with the index.
 */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above U+FFFF, so they come after U+E000 to U+FFFF. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
