// `npm start`: two sites under ./.tideway, in sync, and how to try it.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseOptions } from './options.ts';
import { run } from './up.ts';

export async function demo(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(args, {}, 0);
  const { data } = parsed;
  const sites = ['paris', 'tokyo'].map((name) => ({ name, path: path.join(data, 'sites', name) }));
  for (const site of sites) mkdirSync(site.path, { recursive: true });
  const [paris, tokyo] = sites.map((site) => site.path);
  const welcome = path.join(paris ?? '', 'welcome.txt');
  if (!existsSync(path.join(paris ?? '', '.tideway')))
    writeFileSync(welcome, 'This file was saved at Paris. It appears at Tokyo by itself.\n');
  return run({ data, sites }, () => {
    const say = (path_: string | undefined): string => path.relative(process.cwd(), path_ ?? '') || '.';
    process.stdout.write(
      [
        '',
        'Two sites are in sync through an embedded Azure file share:',
        `  paris  ${say(paris)}`,
        `  tokyo  ${say(tokyo)}`,
        '',
        'Try it in another terminal:',
        `  echo hello > ${say(paris)}/hello.txt && sleep 1 && cat ${say(tokyo)}/hello.txt`,
        `  bin/tideway status --wait${parsed.text('data') === undefined ? '' : ` --data ${say(data)}`}`,
        '',
        'Ctrl-C stops it; the next start goes on where it was.',
        '',
      ].join('\n'),
    );
  });
}
