// Loaded into every process of a hub before all else (`Clock.options`): their clock goes as the test's file says, at the same
// moment in all of them. Only the time of day: a machine that was asleep for a day has it so, too.
import { openSync, readSync } from 'node:fs';
import { shiftDate } from '../../support/shift-date.ts';

const file = openSync(decodeURIComponent(new URL(import.meta.url).search.slice(1)), 'r');
const ahead = new Float64Array(1);

shiftDate(() => {
  readSync(file, ahead, 0, ahead.byteLength, 0);
  return ahead[0] ?? 0;
});
