import path from 'node:path';
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { codeOf, messageOf } from '../base/errors.ts';
import { UsageError } from './usage.ts';

const common = {
  data: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export interface Parsed {
  readonly data: string;
  readonly json: boolean;
  readonly positionals: readonly string[];
  text(name: string): string | undefined;
  flag(name: string): boolean;
  list(name: string): readonly string[];
}

/** Errors: `option_unknown`, `option_invalid`, `argument_unknown` (all usage). `positionals` is how many may stand at most. */
export function parseOptions(args: readonly string[], own: ParseArgsOptionsConfig, positionals: number): Parsed {
  try {
    const parsed = parseArgs({ args: [...args], options: { ...common, ...own }, allowPositionals: true });
    const values: Record<string, unknown> = parsed.values;
    const extra = parsed.positionals[positionals];
    if (extra !== undefined)
      throw new UsageError('argument_unknown', `unexpected argument ${JSON.stringify(extra)}`, 'See tideway --help.');
    const { data } = values;
    return {
      data: path.resolve(typeof data === 'string' ? data : '.tideway'),
      json: values['json'] === true,
      positionals: parsed.positionals,
      text: (name) => (typeof values[name] === 'string' ? values[name] : undefined),
      flag: (name) => values[name] === true,
      list: (name) => (Array.isArray(values[name]) ? values[name].map(String) : []),
    };
  } catch (error) {
    if (!codeOf(error).startsWith('ERR_PARSE_ARGS')) throw error;
    const unknown = codeOf(error) === 'ERR_PARSE_ARGS_UNKNOWN_OPTION';
    const code = unknown ? 'option_unknown' : 'option_invalid';
    throw new UsageError(code, messageOf(error).split('.')[0] ?? '', 'See tideway --help.');
  }
}

/** A whole number within bounds, or undefined where the option is not given. */
export function numberOption(parsed: Parsed, name: string, least: number, most: number): number | undefined {
  const text = parsed.text(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most)
    throw new UsageError(
      'option_invalid',
      `--${name} ${text} is not a number from ${least} to ${most}`,
      'Give a whole number.',
    );
  return value;
}
