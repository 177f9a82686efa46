import { parseArgs } from 'node:util';

export interface ScaleOptions {
  readonly files: number;
  /** Of a hundred files so many hold something; the rest are empty. */
  readonly filled: number;
  readonly sampleMs: number;
  readonly rescans: number;
  readonly scanOnly: boolean;
  readonly timeoutMs: number;
  readonly into: string | undefined;
  /** Samples of an earlier run: nothing is measured, they are shown. */
  readonly from: string | undefined;
  readonly dir: string | undefined;
  readonly keep: boolean;
}

export const usage = `npm run bench:scale -- [options]

One group with very many files: first scan, first sync to a second site, scans in which nothing has changed, a restart.

  --files N            in a tree of directories within directories (1000000)
  --filled PERCENT     of the files that hold something: 100 bytes (10)
  --sample SECONDS     between two looks at what is known, memory and databases (10)
  --rescans N          (3)
  --timeout SECONDS    for all of it (14400)
  --scan-only          only scans of one site, by this process alone: minutes instead of hours
  --into FILE          puts the tables into a document: docs/performance.md
  --from FILE          shows the samples of an earlier run (samples.jsonl)
  --dir DIR            where to work; a fresh one below the temporary directory. A million files take 8 GB and 3 million inodes
  --keep               leave what was made, samples.jsonl among it
`;

/** Throws an Error that says what is wrong. */
export function parseScaleOptions(args: readonly string[]): ScaleOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      files: { type: 'string', default: '1000000' },
      filled: { type: 'string', default: '10' },
      sample: { type: 'string', default: '10' },
      rescans: { type: 'string', default: '3' },
      timeout: { type: 'string', default: '14400' },
      into: { type: 'string' },
      from: { type: 'string' },
      dir: { type: 'string' },
      'scan-only': { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    files: positive('files', values.files),
    filled: positive('filled', values.filled),
    sampleMs: positive('sample', values.sample) * 1000,
    rescans: positive('rescans', values.rescans),
    timeoutMs: positive('timeout', values.timeout) * 1000,
    into: values.into,
    from: values.from,
    dir: values.dir,
    scanOnly: values['scan-only'],
    keep: values.keep,
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} ${text} is no number above 0`);
  return value;
}
