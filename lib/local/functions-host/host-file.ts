import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import { type HostSettings, HostJsonError, parseHostJson } from './host-json.ts';

/** What host.json says now; with `errors`, the settings are the defaults, which nothing runs with. */
export interface HostJson {
  readonly settings: HostSettings;
  readonly errors: readonly string[];
}

/** host.json, as a value or as a file that may change while the host runs. */
export class HostFile {
  readonly #source: object | string;
  readonly #cores: number;
  #watcher: FSWatcher | undefined;
  #last = '';

  /** `source` is the parsed file, or its path. */
  constructor(source: object | string, cores: number) {
    this.#source = source;
    this.#cores = cores;
  }

  read(): HostJson {
    try {
      return { settings: parseHostJson(this.#value(), this.#cores), errors: [] };
    } catch (error) {
      if (!(error instanceof HostJsonError)) throw error;
      return { settings: parseHostJson({}, this.#cores), errors: [error.message] };
    }
  }

  /** Calls when the text of the file is another than was read last. */
  onChange(changed: () => void): void {
    const file = this.#source;
    if (typeof file !== 'string') return;
    // The directory: an editor that saves by renaming leaves a watch on the file itself with nothing to see.
    this.#watcher = watch(dirname(file), (_event, name) => {
      if (name === basename(file) && this.isChanged()) changed();
    });
    // The directory went away, and the app with it: nothing is left to follow.
    this.#watcher.on('error', () => this.close());
  }

  isChanged(): boolean {
    return typeof this.#source === 'string' && this.#text(this.#source) !== this.#last;
  }

  close(): void {
    this.#watcher?.close();
  }

  #value(): unknown {
    if (typeof this.#source !== 'string') return this.#source;
    this.#last = this.#text(this.#source);
    try {
      return JSON.parse(this.#last) as unknown;
    } catch (error) {
      throw new HostJsonError(`Unable to parse host configuration file '${this.#source}': ${messageOf(error)}`);
    }
  }

  /** '' where there is none: that is no JSON either, and the next look may find it. */
  #text(file: string): string {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  }
}
