import { beforeEach, describe, expect, test } from '@jest/globals';
import type { FakeCloud } from '../support/fake-backend.ts';
import { contents, converge, eachOnTwoSites, type TestSite, until } from './rig.ts';

let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;
eachOnTwoSites((sites) => ({ cloud, paris, tokyo } = sites));

beforeEach(async () => {
  await paris.start();
  await tokyo.start();
});

/** Both sites change something before either hears of the other. */
async function apart(work: () => void): Promise<void> {
  await converge(cloud, paris, tokyo);
  paris.agent!.pause();
  tokyo.agent!.pause();
  work();
  await Promise.all([paris.agent!.rescan(), tokyo.agent!.rescan()]);
  await paris.agent!.resume();
  await converge(cloud, paris);
  await tokyo.agent!.resume();
  await converge(cloud, paris, tokyo);
}

const older = 1_600_000_000_000_000_000n;
const newer = 1_700_000_000_000_000_000n;

describe('both sites at once', () => {
  test('a new file that got the inode number of a deleted one is not that file', async () => {
    paris.user.writeFile('old.txt', 'base');
    await apart(() => {
      paris.user.rm('old.txt');
      paris.user.writeFile('new.txt', 'paris');
      tokyo.user.writeFile('old.txt', 'tokyo');
    });
    expect([...tokyo.tree()]).toEqual([
      ['new.txt', 'paris'],
      ['old.txt', 'tokyo'],
    ]);
  });

  test('two edits of one file: the newest keeps the name, the other is beside it', async () => {
    paris.user.writeFile('f.txt', 'base');
    await apart(() => {
      paris.user.writeFile('f.txt', 'paris');
      paris.user.utimes('f.txt', newer);
      tokyo.user.writeFile('f.txt', 'tokyo');
      tokyo.user.utimes('f.txt', older);
    });
    expect([...tokyo.tree()]).toEqual([
      ['f-tokyo.txt', 'tokyo'],
      ['f.txt', 'paris'],
    ]);
    expect(tokyo.agent!.status().conflicts.map(({ path, server }) => [path, server])).toEqual([
      ['f-tokyo.txt', 'tokyo'],
    ]);
  });

  test('the later sender wins when its file is newer', async () => {
    paris.user.writeFile('f.txt', 'base');
    await apart(() => {
      paris.user.writeFile('f.txt', 'paris');
      paris.user.utimes('f.txt', older);
      tokyo.user.writeFile('f.txt', 'tokyo');
      tokyo.user.utimes('f.txt', newer);
    });
    expect([...paris.tree()]).toEqual([
      ['f-paris.txt', 'paris'],
      ['f.txt', 'tokyo'],
    ]);
  });

  test('two new files of one name are both kept, two equal ones are one', async () => {
    await apart(() => {
      for (const site of [paris, tokyo]) {
        site.user.writeFile('own', site.name);
        site.user.writeFile('equal', 'equal');
      }
    });
    expect(contents(cloud)).toEqual(['equal', 'paris', 'tokyo']);
    expect(paris.agent!.status().conflicts.length).toBe(1);
  });

  test('fault 37: an edit beats a delete, with the directory it was in', async () => {
    paris.user.mkdirp('d/e');
    paris.user.writeFile('d/e/f', 'base');
    paris.user.writeFile('d/e/g', 'base');
    await apart(() => {
      paris.user.rm('d');
      tokyo.user.writeFile('d/e/f', 'edited');
    });
    expect([...paris.tree()]).toEqual([
      ['d', null],
      ['d/e', null],
      ['d/e/f', 'edited'],
    ]);
  });

  test('an edit there beats a delete here', async () => {
    paris.user.writeFile('f', 'base');
    await apart(() => {
      paris.user.writeFile('f', 'edited');
      tokyo.user.rm('f');
    });
    expect([...tokyo.tree()]).toEqual([['f', 'edited']]);
  });

  test('fault 38: moves of two directories into each other: the first in the log stays', async () => {
    paris.user.mkdirp('a');
    paris.user.mkdirp('b');
    paris.user.writeFile('a/1', '1');
    await apart(() => {
      paris.user.rename('a', 'b/a');
      tokyo.user.rename('b', 'a/b');
    });
    expect([...tokyo.tree().keys()]).toEqual(['b', 'b/a', 'b/a/1']);
  });

  test('a file against a directory: the file takes the conflict name', async () => {
    await apart(() => {
      paris.user.mkdirp('x');
      paris.user.writeFile('x/in', 'in');
      tokyo.user.writeFile('x', 'file');
    });
    expect([...paris.tree()]).toEqual([
      ['x', null],
      ['x-tokyo', 'file'],
      ['x/in', 'in'],
    ]);
  });

  test('a swap of two names', async () => {
    paris.user.writeFile('a', 'A');
    paris.user.writeFile('b', 'B');
    await converge(cloud, paris, tokyo);
    const ids = [cloud.namespace.at('root', 'a')?.id, cloud.namespace.at('root', 'b')?.id];
    paris.user.rename('a', 't');
    paris.user.rename('b', 'a');
    paris.user.rename('t', 'b');
    await converge(cloud, paris, tokyo);
    expect([...tokyo.tree()]).toEqual([
      ['a', 'B'],
      ['b', 'A'],
    ]);
    expect([cloud.namespace.at('root', 'b')?.id, cloud.namespace.at('root', 'a')?.id]).toEqual(ids);
    expect(cloud.namespace.log.filter((row) => row.op === 'create').length).toBe(2);
  });

  test("fault 36: an editor's save (temporary file and rename) is one new version of the same node", async () => {
    paris.user.writeFile('doc', '1');
    await converge(cloud, paris, tokyo);
    const { id } = cloud.namespace.at('root', 'doc')!;
    paris.user.writeFile('doc.tmp', '2');
    paris.user.rename('doc.tmp', 'doc');
    await converge(cloud, paris, tokyo);
    expect(cloud.namespace.at('root', 'doc')?.id).toBe(id);
    expect([...tokyo.tree()]).toEqual([['doc', '2']]);
  });

  test('fault 36: so is one by exchange, where the old one is removed under the other name', async () => {
    paris.user.writeFile('doc', '1');
    await converge(cloud, paris, tokyo);
    const { id } = cloud.namespace.at('root', 'doc')!;
    paris.user.writeFile('doc.tmp', '2');
    paris.user.exchange('doc.tmp', 'doc');
    paris.user.rm('doc.tmp');
    await converge(cloud, paris, tokyo);
    expect(cloud.namespace.at('root', 'doc')?.id).toBe(id);
    expect([...tokyo.tree()]).toEqual([['doc', '2']]);
    expect(cloud.namespace.log.filter(({ op }) => op === 'delete')).toEqual([]);
  });

  test.each([
    ['deleted and made again from a copy', ['rm', 'copy']],
    ['whose files were put aside and back into a new one', ['aside', 'back']],
  ])('a directory %s: the same nodes, and nothing is uploaded', async (_, [how]) => {
    const make = (): void => {
      paris.user.mkdirp('d/e');
      for (const name of ['1', 'e/2']) paris.user.writeFile(`d/${name}`, name);
    };
    make();
    await converge(cloud, paris, tokyo);
    const nodes = new Set(cloud.namespace.nodes.keys());
    const uploads = paris.agent!.counters()['uploads'];
    if (how === 'rm') {
      paris.user.rm('d');
      make();
    } else {
      paris.user.mkdirp('aside');
      for (const name of ['1', 'e']) paris.user.rename(`d/${name}`, `aside/${name}`);
      paris.user.rm('d');
      paris.user.mkdirp('d');
      for (const name of ['1', 'e']) paris.user.rename(`aside/${name}`, `d/${name}`);
      paris.user.rm('aside');
    }
    await converge(cloud, paris, tokyo);
    expect(new Set(cloud.namespace.nodes.keys())).toEqual(nodes);
    expect([paris.agent!.counters()['uploads'], tokyo.agent!.counters()['downloads']]).toEqual([uploads, 2]);
  });

  test('only mode and mtime: no content travels', async () => {
    paris.user.writeFile('f', 'f');
    await converge(cloud, paris, tokyo);
    const uploads = paris.agent!.counters()['uploads'];
    paris.user.chmod('f', 0o600);
    paris.user.utimes('f', older);
    await converge(cloud, paris, tokyo);
    const { stat } = tokyo.user.snapshot().get('f')!;
    expect([stat.mode, stat.mtimeNs]).toEqual([0o600, older]);
    expect([paris.agent!.counters()['uploads'], tokyo.agent!.counters()['downloads']]).toEqual([uploads, 1]);
  });
});

describe('left alone', () => {
  test('excluded names are never sent, never deleted, never fetched', async () => {
    paris.user.writeFile('~$doc.docx', 'lock');
    paris.user.writeFile('THUMBS.DB', 'x');
    paris.user.writeFile('real', 'real');
    await until('real at tokyo', () => tokyo.tree().get('real') === 'real');
    expect(tokyo.tree().size).toBe(1);
    expect(paris.agent!.status().problems).toEqual([]);
  });

  test('excluded names that names in a circle go through are not left behind', async () => {
    await paris.agent!.stop();
    await tokyo.agent!.stop();
    cloud.settings.exclude = ['*.tmp'];
    paris.user.writeFile('a', '1');
    paris.user.writeFile('b', '2');
    await paris.start();
    await tokyo.start();
    await converge(cloud, paris, tokyo);
    await paris.volume.exchange('a', 'b');
    await converge(cloud, paris, tokyo);
    expect([...cloud.tree()]).toEqual([
      ['a', '2'],
      ['b', '1'],
    ]);
  });

  test('special files stay, as problems', async () => {
    paris.user.special('pipe');
    paris.user.writeFile('real', 'real');
    await until('real at tokyo', () => tokyo.tree().get('real') === 'real');
    expect(tokyo.tree().size).toBe(1);
    expect(paris.agent!.status().problems).toMatchObject([{ path: 'pipe', code: 'not_synced_kind' }]);
    paris.user.rm('pipe');
    await converge(cloud, paris, tokyo);
    expect(paris.agent!.status().problems).toEqual([]);
  });
});
