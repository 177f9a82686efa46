import { undeleteAnswer, type UndeleteAnswer } from '../protocol/past.ts';
import { askApi } from './api.ts';
import { numberOption, parseOptions } from './options.ts';
import { pastPath } from './past-path.ts';
import { exit } from './usage.ts';

const pollMs = 100;

/** `undelete PATH`: waits until all of it is committed; 1 where some of it could not come back. */
export async function undelete(args: readonly string[]): Promise<number> {
  const own = { group: { type: 'string' }, timeout: { type: 'string' }, 'no-wait': { type: 'boolean' } } as const;
  const parsed = parseOptions(args, own, 1);
  const seconds = numberOption(parsed, 'timeout', 1, 1_000_000) ?? 24 * 60 * 60;
  const { group, path } = pastPath(parsed, 'undelete');
  const ask = async (method: string, rest: string, body?: unknown): Promise<UndeleteAnswer> =>
    undeleteAnswer.parse(
      await askApi(parsed.data, method, `groups/${encodeURIComponent(group)}/undeletes${rest}`, body),
    );
  const deadline = performance.now() + seconds * 1000;
  let answer = await ask('POST', '', { path });
  while (!parsed.flag('no-wait') && answer.state !== 'done' && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    answer = await ask('GET', `/${answer.id}`);
  }
  process.stdout.write(parsed.json ? `${JSON.stringify(answer)}\n` : render(answer));
  if (answer.state !== 'done') return parsed.flag('no-wait') ? exit.done : exit.waiting;
  return answer.failed.length === 0 ? exit.done : exit.failed;
}

function render({ path, state, items, restored, restoredTo, failed }: UndeleteAnswer): string {
  if (state !== 'done') return `${path}: ${items} to come back, not all committed yet\n`;
  const where = restoredTo === undefined || restoredTo === path ? path : `${path}, as ${restoredTo}`;
  const lines = failed.map((each) => `not back: ${each.path}: ${each.code}`);
  return `${[`${where}: ${restored} of ${items} back`, ...lines].join('\n')}\n`;
}
