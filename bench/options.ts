import { parseArgs } from 'node:util';
import { must } from '../lib/base/errors.ts';
import type { TreeShape } from './measure/tree.ts';

export const works = [
  'floor',
  'bulk',
  'small',
  'rename',
  'delete',
  'announced',
  'large',
  'patch',
  'two-sites',
  'idle',
] as const;
export type WorkName = (typeof works)[number];

/** How much of everything: smaller for a trial. */
export interface Sizes {
  readonly tree: TreeShape;
  readonly idleTree: TreeShape;
  readonly largeBytes: number;
  readonly samples: number;
  /** Between two samples, on average 1.2 times this. */
  readonly pauseMs: number;
  readonly idleMs: number;
  /** To come to rest before each work, at most; one that polls never does. */
  readonly restMs: number;
  /** For one arrival. */
  readonly timeoutMs: number;
}

export interface Options {
  readonly works: readonly WorkName[];
  readonly sizes: Sizes;
  readonly rounds: number;
  readonly peers: boolean;
  /** Only these, by name. */
  readonly only: readonly string[];
  readonly profile: boolean;
  readonly format: 'table' | 'json' | 'markdown';
  /** A document in which the figures are replaced. */
  readonly into: string | undefined;
  /** JSON lines of earlier runs: nothing is measured, they are shown. */
  readonly from: readonly string[];
  /** Where everything is done; a fresh directory where it is not given. */
  readonly dir: string | undefined;
  readonly keep: boolean;
}

export const usage = `npm run bench -- [WORK...] [options]

works: ${works.join(' ')}   (all of them unless told)

  --peers              the other programs beside Tideway: syncthing, unison, rclone, lsyncd (npm run bench:peers gets them)
  --only NAME          of the systems only this one; may be repeated
  --rounds N           each system in turn, N times (3)
  --files N            files of 4 KiB (10000)        --size SIZE           of the large file (1GiB)
  --idle-files N       at rest (100000)              --idle-seconds N      (60)
  --samples N          small files (40)              --timeout SECONDS     for one arrival (1800)
  --rest SECONDS       for a system to come to rest before each work, at most (20)
  --profile            Tideway alone: leaves CPU profiles of each process, and says where the time went
  --json, --markdown   JSON lines, or tables in Markdown
  --into FILE          puts the tables into a document, in the place of those that stand there: docs/performance.md
  --from FILE          shows the results of an earlier run (results.jsonl in its directory); may be repeated
  --dir DIR            where to work; must be on the disk that is meant (a fresh one below the temporary directory)
  --keep               leave what was made
`;

const units: Readonly<Record<string, number>> = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

export function bytesOf(text: string): number {
  const [, number = '', unit = ''] = /^(\d+)(KiB|MiB|GiB)?$/.exec(text) ?? [];
  if (number === '') throw new Error(`${text} is no size: write for example 64MiB`);
  return Number(number) * must(units[unit], 'a unit');
}

/** Throws an Error that says what is wrong. */
export function parseOptions(args: readonly string[]): Options | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      peers: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string', default: '3' },
      files: { type: 'string', default: '10000' },
      size: { type: 'string', default: '1GiB' },
      'idle-files': { type: 'string', default: '100000' },
      'idle-seconds': { type: 'string', default: '60' },
      samples: { type: 'string', default: '40' },
      timeout: { type: 'string', default: '1800' },
      rest: { type: 'string', default: '20' },
      profile: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      into: { type: 'string' },
      from: { type: 'string', multiple: true, default: [] },
      dir: { type: 'string' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const unknown = positionals.filter((name) => !works.some((work) => work === name));
  if (unknown.length > 0) throw new Error(`no such work: ${unknown.join(', ')}; there are ${works.join(', ')}`);
  return {
    works: works.filter((work) => positionals.length === 0 || positionals.includes(work)),
    sizes: {
      tree: { files: whole('files', values.files), size: 4096, directories: 100 },
      idleTree: { files: whole('idle-files', values['idle-files']), size: 100, directories: 1000 },
      largeBytes: bytesOf(values.size),
      samples: whole('samples', values.samples),
      pauseMs: 500,
      idleMs: whole('idle-seconds', values['idle-seconds']) * 1000,
      restMs: whole('rest', values.rest, 0) * 1000,
      timeoutMs: whole('timeout', values.timeout) * 1000,
    },
    rounds: values.profile ? 1 : whole('rounds', values.rounds),
    peers: values.peers && !values.profile,
    only: values.only,
    profile: values.profile,
    format: values.json ? 'json' : values.markdown ? 'markdown' : 'table',
    into: values.into,
    from: values.from,
    dir: values.dir,
    keep: values.keep,
  };
}

/** The command that makes the same figures elsewhere: without where it ran and what became of them. */
export function commandOf(args: readonly string[]): string {
  const shown: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '--dir' || arg === '--into') at++;
    else if (!/^--(dir=|into=|keep$|json$|markdown$)/.test(arg)) shown.push(arg);
  }
  return ['npm run bench', ...(shown.length === 0 ? [] : ['--', ...shown])].join(' ');
}

function whole(name: string, text: string, least = 1): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least)
    throw new Error(`--${name} ${text} is no whole number from ${least}`);
  return value;
}
