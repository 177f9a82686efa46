import type { DurableSettings } from '../functions-host/durable-settings.ts';

const newer = 1;

/** Whether work of this version is taken here: by versionMatchStrategy of host.json, older and equal ones unless told. */
export function takesVersion(version: string | null, settings: DurableSettings): boolean {
  const { defaultVersion, versionMatchStrategy } = settings;
  if (defaultVersion === null || versionMatchStrategy === 'none') return true;
  if (versionMatchStrategy === 'strict') return version === defaultVersion;
  return compareVersions(version ?? '', defaultVersion) < newer;
}

/** Part by part, as numbers where both are; none is the oldest. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.'), b.split('.')];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i] ?? '0', right[i] ?? '0'];
    const [n, m] = [Number(x), Number(y)];
    const order = Number.isNaN(n) || Number.isNaN(m) ? x.localeCompare(y) : n - m;
    if (order !== 0) return Math.sign(order);
  }
  return 0;
}
