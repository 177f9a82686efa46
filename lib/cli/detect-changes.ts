import { TidewayError } from '../base/errors.ts';
import { readHubFile } from '../local/hub/hub-file.ts';
import { scanAnswer, type ScanAnswer } from '../protocol/api.ts';
import { askApi } from './api.ts';
import { groupPath } from './group-path.ts';
import { numberOption, parseOptions } from './options.ts';
import { exit } from './usage.ts';

const pollMs = 500;

/** Starts an enumeration of the share and waits until what it found is committed. */
export async function detectChanges(args: readonly string[]): Promise<number> {
  const own = {
    group: { type: 'string' },
    timeout: { type: 'string' },
    'allow-deletes': { type: 'boolean' },
    'no-wait': { type: 'boolean' },
  } as const;
  const parsed = parseOptions(args, own, 1);
  const seconds = numberOption(parsed, 'timeout', 1, 1_000_000) ?? 24 * 60 * 60;
  const hub = readHubFile(parsed.data);
  const group = parsed.text('group') ?? hub?.group ?? 'default';
  const wanted = parsed.positionals[0];
  const body = {
    path: wanted === undefined ? '' : groupPath(wanted, hub?.sites ?? []),
    ...(parsed.flag('allow-deletes') ? { allowDeletes: true } : {}),
  };
  const ask = async (method: string, rest: string, content?: unknown): Promise<ScanAnswer> =>
    scanAnswer.parse(await askApi(parsed.data, method, `groups/${group}/scans${rest}`, content));
  const report = parsed.json ? () => {} : reporter();
  const deadline = performance.now() + seconds * 1000;
  let scan = await ask('POST', '', body);
  report(scan);
  while (!parsed.flag('no-wait') && scan.state !== 'done' && scan.state !== 'failed' && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    scan = await ask('GET', `/${scan.id}`);
    report(scan);
  }
  if (parsed.json) process.stdout.write(`${JSON.stringify(scan)}\n`);
  if (scan.state === 'failed')
    throw new TidewayError('detection_failed', `nothing was concluded: ${scan.code ?? 'failed'}`, {
      hint: hints[scan.code ?? ''],
    });
  return scan.state === 'done' || parsed.flag('no-wait') ? exit.done : exit.waiting;
}

const hints: Readonly<Record<string, string>> = {
  share_changed: 'The share is not the one that the group was made on, or .tideway was removed from it.',
};

/** One line for each new state; on a terminal the counts too, on one line. */
function reporter(): (scan: ScanAnswer) => void {
  let last = '';
  return (scan) => {
    const { state, directories, entries, changes, problems } = scan;
    const counts = `${directories} directories, ${entries} entries, ${changes} changes`;
    if (process.stdout.isTTY && state !== 'done') process.stdout.write(`\r${state}: ${counts}\x1b[K`);
    else if (state !== last) process.stdout.write(`${process.stdout.isTTY ? '\r\x1b[K' : ''}${state}: ${counts}\n`);
    if (state === 'done' && state !== last)
      for (const { path, code } of problems) process.stdout.write(`problem: ${path === '' ? '/' : path}: ${code}\n`);
    last = state;
  };
}
