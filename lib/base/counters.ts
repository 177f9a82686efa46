// What a process has done since it started, by name. The counts only grow, so the difference of two looks is what happened
// in between, and a change that costs a request more a file is seen on any machine, however fast that is.

export type Counts = Readonly<Record<string, number>>;

// Of the process, not passed around: like its CPU time, it belongs to everything that runs in it.
const counts: Record<string, number> = {};

/** `name` is dotted, from the general to the particular, and one of few: `requests.files.PUT`, `fsyncs.tables.db`. */
export function count(name: string, by = 1): void {
  counts[name] = (counts[name] ?? 0) + by;
}

/** All counts of this process, as they are now. */
export function counted(): Counts {
  return { ...counts };
}

/** Numbers in nested records by dotted names: `{requests: {GetFile: 2}}` is `{'requests.GetFile': 2}`. */
export function flatten(nested: object, prefix = ''): Counts {
  const flat: Record<string, number> = {};
  for (const [name, value] of Object.entries(nested) as [string, unknown][])
    if (typeof value === 'number') flat[prefix + name] = value;
    else if (typeof value === 'object' && value !== null) Object.assign(flat, flatten(value, `${prefix}${name}.`));
  return flat;
}

/** What was added between two looks; names under which nothing happened are left out. */
export function since(before: Counts, after: Counts): Counts {
  const added = Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)] as const);
  return Object.fromEntries(added.filter(([, value]) => value !== 0));
}
