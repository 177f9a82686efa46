// Durations as Azure writes them: the ISO 8601 forms without years and months, whose lengths vary.
const pattern = /^P(?=\d|T\d)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

// TimeSpan.MaxValue, which Azure shows for "never": P10675199DT2H48M5.4775807S.
const never = 10_675_199 * 86_400_000;

/** Milliseconds; Infinity for Azure's largest value; undefined for text that is no duration. */
export function parseDuration(text: string): number | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  const ms = Math.round((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1000);
  return ms >= never ? Number.POSITIVE_INFINITY : ms;
}
