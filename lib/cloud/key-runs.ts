/** A read that brings so many rows nobody asked for costs about as much as a read more. */
const maxGap = 64;

/**
 * Keys that end in numbers to the base 36, as counted ids do, in runs: each in order, of one length, so that text sorts as
 * the numbers do, and without a long gap in it. What was numbered long before the others (a large file among small ones is
 * uploaded for longer) is a run of its own: in one range with them it would bring along every row in between.
 */
export function keyRuns(keys: readonly string[]): readonly (readonly string[])[] {
  const runs: string[][] = [];
  let before = { head: '', length: 0, number: 0 };
  for (const key of keys.toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1))) {
    const digits = /[0-9a-z]*$/.exec(key)?.[0] ?? '';
    const at = { head: key.slice(0, key.length - digits.length), length: key.length, number: parseInt(digits, 36) };
    const run = runs.at(-1);
    const isNear = at.head === before.head && at.length === before.length && at.number - before.number <= maxGap;
    if (run !== undefined && isNear) run.push(key);
    else runs.push([key]);
    before = at;
  }
  return runs;
}
