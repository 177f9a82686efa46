// How a snapshot of ours is told from those that others made of the same share, and from each other: by metadata.

/** In every snapshot that this group made. */
export function markOf(group: string): Readonly<Record<string, string>> {
  return { tw_group: group };
}

/**
 * In the snapshot of one operation, by which a redo finds what an attempt before it took. `seq` is part of it: a request of
 * an attempt that was given up may arrive when the operation is tried again, of a later state of the namespace.
 */
export function nameOf(asked: {
  readonly endpoint: string;
  readonly incarnation: number;
  readonly n: number;
  readonly seq: number;
}): Readonly<Record<string, string>> {
  const { endpoint, incarnation, n, seq } = asked;
  return { tw_snapshot: `${endpoint}-${incarnation}-${n}`, tw_seq: String(seq) };
}

export function carries(metadata: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => metadata[key] === value);
}
