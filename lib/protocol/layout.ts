// Where things are on the share. Everything of ours is below `.tideway`; the rest is the users' tree.

export const ours = '.tideway';
export const stagingRoot = `${ours}/staging`;
export const trashRoot = `${ours}/trash`;
export const blocksRoot = `${ours}/blocks`;
/** Holds the share's epoch in its metadata: a share that was restored or swapped carries another one. */
export const epochPath = `${ours}/epoch`;

export function stagingDir(endpoint: string): string {
  return `${stagingRoot}/${endpoint}`;
}

export function stagedPath(endpoint: string, slot: string): string {
  return `${stagingRoot}/${endpoint}/${slot}`;
}

/** The block list of a staged file of more than one block. */
export function stagedBlocks(endpoint: string, slot: string): string {
  return `${stagedPath(endpoint, slot)}.b`;
}

export function blocksPath(node: string, version: number): string {
  return `${blocksRoot}/${node}-${version}`;
}

/** Metadata of a staged file and of a directory; values are ASCII (names as base64url of their JSON form). */
export const meta = { op: 'tw_op', node: 'tw_node', name: 'tw_name', mode: 'tw_mode', mtime: 'tw_mtime' } as const;

export function encodeName(name: string): string {
  return Buffer.from(JSON.stringify(name), 'utf8').toString('base64url');
}

export function decodeName(text: string): string | undefined {
  try {
    const name: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined; // written by somebody else
  }
}

// Nanoseconds since 1970. Before the first a share counts no time, and its 0 asks for no change; a year has four digits.
const earliest = -11_644_473_600_000_000_000n + 100n;
const latest = 253_402_300_799_999_999_900n;

/**
 * The share's spelling of a time (100 ns) from nanoseconds since 1970, as its headers want it; of one that it cannot have
 * the nearest.
 */
export function shareTime(mtime: string): string {
  const asked = BigInt(mtime);
  const ns = asked < earliest ? earliest : asked > latest ? latest : asked;
  const seconds = ns / 1_000_000_000n - (ns % 1_000_000_000n < 0n ? 1n : 0n);
  const rest = ns - seconds * 1_000_000_000n;
  const date = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${date}.${(rest / 100n).toString().padStart(7, '0')}Z`;
}

/** Nanoseconds since 1970 from the share's spelling of a time. */
export function fromShareTime(text: string): string {
  const match = /^(.*?)(?:\.(\d{1,9}))?Z$/.exec(text);
  if (match === null) return '0';
  const seconds = BigInt(Math.floor(Date.parse(`${match[1] ?? ''}Z`) / 1000));
  return (seconds * 1_000_000_000n + BigInt((match[2] ?? '').padEnd(9, '0') || '0')).toString();
}
