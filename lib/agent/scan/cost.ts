/** A listing costs about as much as a look at a single name for every eight entries; it is asked for from so many names on. */
const manyNames = 4;
const entriesPerLook = 8;

/** `count` answers how many entries there are, counted up to a limit. */
export function isCheaperToList(names: number, count: (limit: number) => number): boolean {
  const limit = names * entriesPerLook;
  return names >= manyNames && count(limit + 1) <= limit;
}
