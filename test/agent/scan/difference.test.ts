// Whether a directory is as the local tree has it: by its lines, against what a look at each entry by itself would say.
import { describe, expect, test } from '@jest/globals';
import fc from '../../support/property.ts';
import { textOf } from '../../../lib/protocol/bytes.ts';
import type { Known } from '../../../lib/core/identify.ts';
import { foundAt, isSyncedKind } from '../../../lib/agent/scan/found.ts';
import { difference } from '../../../lib/agent/scan/difference.ts';
import { linesOf } from '../../../lib/agent/fs/lines.ts';
import type { Entry, FileStat } from '../../../lib/agent/fs/port.ts';
import { State } from '../../../lib/agent/state/state.ts';

const later = Number.MAX_SAFE_INTEGER;
const looked = { look: undefined, hears: true, nowMs: later };

function row(id: string, { name, stat }: Entry): Known {
  if (!isSyncedKind(stat)) throw new Error('not synced');
  const found = foundAt({ dir: 'dir', name, path: name }, { stat, target: undefined, shown: {} }, looked);
  const { kind, size, mode, mtime, ctime, settled, inode, born } = found;
  return {
    id,
    parent: 'dir',
    name,
    kind,
    size,
    mode,
    mtime: '0',
    hash: null,
    settled,
    inode,
    born,
    statMtime: mtime,
    ctime,
  };
}

function stateOf(rows: readonly Known[]): State {
  const state = new State(':memory:');
  put(state, rows);
  return state;
}

function put(state: State, rows: readonly Known[]): void {
  state.now(() => rows.forEach((each) => state.setLocal(each.id, each)));
}

const base: FileStat = {
  kind: 'file',
  size: 5,
  mode: 0o644,
  mtimeNs: 1_700_000_000_123_456_789n,
  ctimeNs: 1_700_000_001_123_456_789n,
  dev: 66_306n,
  ino: 77n,
  bornNs: 1_700_000_000_000_000_000n,
  links: 1,
  uid: 1,
  gid: 2,
};

async function isDifferent(kind: 'file' | 'directory' | 'symlink', change: Partial<FileStat>): Promise<boolean> {
  const stat = { ...base, kind };
  const state = stateOf([row('n', { name: 'n', stat })]);
  const { names, directories } = await difference(
    state,
    'dir',
    linesOf([{ name: 'n', stat: { ...stat, ...change } }]),
    () => undefined,
  );
  state.close();
  expect(directories.length).toBe(kind === 'directory' && names.size === 0 ? 1 : 0);
  return names.has('n');
}

describe('an entry differs from its row', () => {
  test.each<[string, Partial<FileStat>, readonly [file: boolean, directory: boolean, link: boolean]]>([
    ['nothing', {}, [false, false, false]],
    ['size', { size: 6 }, [true, false, true]],
    ['mode', { mode: 0o600 }, [true, true, false]],
    ['a bit of the mode that is not synced', { mode: 0o4644 }, [false, false, false]],
    ['mtime, by a nanosecond', { mtimeNs: base.mtimeNs + 1n }, [true, false, true]],
    ['ctime, by a nanosecond', { ctimeNs: base.ctimeNs + 1n }, [true, true, true]],
    ['volume', { dev: 66_307n }, [true, true, true]],
    ['inode', { ino: 78n }, [true, true, true]],
    ['birth', { bornNs: 0n }, [true, true, true]],
    ['number of names', { links: 2 }, [false, false, false]],
    ['kind', { kind: 'other' }, [true, true, true]],
  ])('by its %s, or not', async (_what, change, [file, directory, link]) => {
    expect(await isDifferent('file', change)).toBe(file);
    expect(await isDifferent('directory', change)).toBe(directory);
    expect(await isDifferent('symlink', change)).toBe(link);
  });

  test('while it is not settled', async () => {
    const state = stateOf([{ ...row('n', { name: 'n', stat: base }), settled: false }]);
    const { names } = await difference(state, 'dir', linesOf([{ name: 'n', stat: base }]), () => undefined);
    expect([...names]).toEqual(['n']);
    state.close();
  });
});

const bytes = fc.array(fc.constantFrom(0x01, 0x0a, 0x22, 0x61, 0x62, 0xc3, 0xa9, 0xff), { minLength: 1, maxLength: 4 });
const name = bytes.map((each) => textOf(Buffer.from(each)));
const kinds = fc.constantFrom('file' as const, 'directory' as const, 'symlink' as const);
const sides = fc.constantFrom('both' as const, 'changed' as const, 'here' as const, 'known' as const);
const tree = fc.uniqueArray(fc.tuple(name, kinds, sides), { maxLength: 12, selector: ([each]) => each });

test('whatever is in a directory, the names are found at which it differs, and the directories that do not', async () => {
  const state = stateOf([]);
  await fc.assert(
    fc.asyncProperty(tree, fc.integer({ min: 1, max: 5 }), async (all, pageRows) => {
      const entries = all.map(([each, kind, side], index) => {
        const stat = { ...base, kind, ino: BigInt(index) };
        return { name: each, side, stat, id: `n${index}` };
      });
      put(
        state,
        entries.filter(({ side }) => side !== 'here').map((each) => row(each.id, each)),
      );
      const here = entries.filter(({ side }) => side !== 'known');
      const listed = here.map(({ name: each, side, stat }) => ({
        name: each,
        stat: side === 'changed' ? { ...stat, ctimeNs: 1n } : stat,
      }));
      const pages: number[] = [];
      const passed = (rows: number): undefined => void pages.push(rows);
      const { names, directories } = await difference(state, 'dir', linesOf(listed), passed, pageRows);
      state.now(() => entries.forEach(({ id }) => state.setLocal(id, null)));
      // A name that is no UTF-8 is kept in another form, and looked at each time.
      const differs = entries.filter((each) => each.side !== 'both' || !each.name.isWellFormed());
      expect([...names].toSorted()).toEqual(differs.map((each) => each.name).toSorted());
      const same = entries.filter((each) => each.stat.kind === 'directory' && !differs.includes(each));
      expect(directories.map(({ id }) => id).toSorted()).toEqual(same.map(({ id }) => id).toSorted());
      // In pages, so that it never holds up the others for long.
      expect(Math.max(...pages)).toBeLessThanOrEqual(pageRows);
      expect(pages.reduce((sum, rows) => sum + rows, 0)).toBe(entries.filter(({ side }) => side !== 'here').length);
    }),
    { numRuns: 1000 },
  );
  state.close();
});
