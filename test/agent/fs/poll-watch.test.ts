// In a process of its own: the library is an ES module, which jest does not load.
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from '@jest/globals';
import { nodeSite } from './site.ts';

test.each([
  ['events of the kernel', false],
  ['looking at every file', true],
])(
  'tells by %s what appeared, changed, moved and went',
  async (_how, polling) => {
    await using site = await nodeSite();
    const { root } = site.fs;
    fs.mkdirSync(join(root, 'd'));
    fs.writeFileSync(join(root, 'd/old'), '1');
    const program = `
    import { pollWatch } from ${JSON.stringify(join(import.meta.dirname, '../../../lib/agent/fs/poll-watch.ts'))};
    const say = (events) => { for (const { kind, path } of events) console.log(kind, path); };
    const watch = await pollWatch(${JSON.stringify(root)}, ${polling}, 50)(say);
    for (const dir of ['', 'd']) await watch.add(dir);
    process.stdin.on('end', () => watch.close()).resume();
    console.log('watching');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const exited = new Promise<number | null>((resolve) => {
      child.once('exit', resolve);
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const hear = async (wanted: string, again: () => void): Promise<void> => {
      const repeat = setInterval(again, 100);
      for (let line = await lines.next(); line.value !== wanted; line = await lines.next())
        if (line.done === true) throw new Error(`never heard ${wanted}`);
      clearInterval(repeat);
    };
    await hear('watching', () => undefined);
    // The library does not say when it is ready, so a change is made again until it is heard.
    let round = 0;
    await hear('written d/old', () => fs.writeFileSync(join(root, 'd/old'), `${'x'.repeat(++round)}`));
    await hear('written d/new', () => fs.writeFileSync(join(root, 'd/new'), `${round++}`));
    fs.renameSync(join(root, 'd/new'), join(root, 'moved'));
    await hear('written moved', () => undefined);
    fs.rmSync(join(root, 'moved'));
    await hear('changed moved', () => undefined);
    child.stdin.end();
    expect(await exited).toBe(0);
  },
  15_000,
);
