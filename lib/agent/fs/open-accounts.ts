import { readFile } from 'node:fs/promises';
import { TidewayError } from '../../base/errors.ts';
import { Accounts, fileAccounts, nativeAccounts, type AccountSource } from './accounts.ts';
import { loadNative } from './binding.ts';

const capChown = 1n << 0n;

/**
 * Who is who on this machine, for a process that may give files away (CAP_CHOWN; root as a rule). Undefined for any other:
 * what it fetches belongs to itself, and it must not tell the others that this is so everywhere.
 */
export async function openAccounts(now: () => number, load = loadNative): Promise<Accounts | undefined> {
  return mayGiveAway(await readFile('/proc/self/status', 'latin1')) ? new Accounts(source(load), now) : undefined;
}

export function mayGiveAway(status: string): boolean {
  const [, effective] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  return effective !== undefined && (BigInt(`0x${effective}`) & capChown) !== 0n;
}

function source(load: typeof loadNative): AccountSource {
  try {
    const native = load();
    return native === undefined ? fileAccounts() : nativeAccounts(native);
  } catch (error) {
    if (error instanceof TidewayError) return fileAccounts(); // an addon of another version, which openSiteFs tells
    throw error;
  }
}
