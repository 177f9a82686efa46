import type { DurableSettings } from '../functions-host/durable-settings.ts';

/**
 * Whether work of this version is taken here: by versionMatchStrategy of host.json, older and equal ones unless told. Where
 * host.json has no version, only what has none is.
 */
export function takesVersion(version: string | null, settings: DurableSettings): boolean {
  const { defaultVersion, versionMatchStrategy } = settings;
  if (versionMatchStrategy === 'none') return true;
  if (versionMatchStrategy === 'strict') return version === defaultVersion;
  return compareVersions(version ?? '', defaultVersion ?? '') <= 0;
}

/** As System.Version of .NET where both are one, else as words without case; none comes first. */
function compareVersions(a: string, b: string): number {
  if (a.trim() === '' || b.trim() === '') return Number(a.trim() !== '') - Number(b.trim() !== '');
  const [left, right] = [partsOf(a), partsOf(b)];
  if (left === undefined || right === undefined) return compare(a.toUpperCase(), b.toUpperCase());
  return left.map((part, at) => compare(part, right[at] ?? missing)).find((order) => order !== 0) ?? 0;
}

/** A part that is not written comes before 0: 1.5 is older than 1.5.0. */
const missing = -1;

/** Two to four numbers; undefined for anything else, "2" too. */
function partsOf(version: string): readonly number[] | undefined {
  if (!/^\d{1,9}(\.\d{1,9}){1,3}$/.test(version)) return undefined;
  const parts = version.split('.').map(Number);
  return [0, 1, 2, 3].map((at) => parts[at] ?? missing);
}

function compare<T extends string | number>(a: T, b: T): number {
  return Number(a > b) - Number(a < b);
}
