import { closeSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { shiftDate } from '../../support/shift-date.ts';

/** The time of day of a hub's processes, and of the test's own. */
export class Clock {
  /** For NODE_OPTIONS of the hub. */
  readonly options: string;
  readonly #file: number;
  #aheadMs = 0;

  /** The folder is the test's own. */
  constructor(folder: string) {
    const file = path.join(folder, 'clock');
    this.#file = openSync(file, 'w');
    writeSync(this.#file, new Float64Array(1));
    const script = pathToFileURL(path.join(import.meta.dirname, 'clock-script.ts'));
    this.options = `--import=${script.href}?${encodeURIComponent(file)}`;
    shiftDate(() => this.#aheadMs);
  }

  /** It is that time now (ms since 1970), not before the time that it was. */
  set(time: number): void {
    this.#aheadMs += time - Date.now();
    writeSync(this.#file, new Float64Array([this.#aheadMs]), 0, 8, 0);
  }

  close(): void {
    closeSync(this.#file);
  }
}
