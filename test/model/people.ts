// What people at a site and on the share think of next. They choose from what they see, and know nothing of agents.
import type { Chance } from '../support/chance.ts';
import type { Deed } from './step.ts';

const siteNames = ['a', 'b', 'c', 'd', 'a', 'b', 'A', 'x:y', 'u.', 'naïve.txt', 'e.doc', 'CON'];
const shareNames = ['a', 'b', 'c', 'd', 'B'];
const atSites = [
  ...(['write', 'write', 'append', 'append', 'save', 'mkdir'] as const),
  ...(['move', 'move', 'move', 'remove', 'swap'] as const),
];
const withPrograms = ['program', 'chmod', 'touch'] as const;
/** As a switch of branches does, and a restore of what was put aside. */
const onceMore = ['remake', 'remake', 'copy back'] as const;
const onShare = [
  ...(['save', 'save', 'save', 'new', 'new', 'remove', 'remove'] as const),
  ...(['mkdir', 'move', 'open', 'delete while open'] as const),
];

/** What somebody can see: the paths of a tree, and which of them are files. */
export interface Seen {
  readonly all: readonly string[];
  readonly files: readonly string[];
}

/** Texts are told apart by who wrote them and a number, so that each content is made once. */
export type Write = (times: number) => string;

/** Of a thousand deeds at a site. */
export interface Habits {
  readonly programs: number;
  readonly remakes: number;
}

export function deedAtSite(
  chance: Chance,
  at: string,
  { all, files }: Seen,
  { programs, remakes }: Habits,
  write: Write,
): Deed {
  const mood = chance.below(1000);
  const what = chance.pick(mood < programs ? withPrograms : mood >= 1000 - remakes ? onceMore : atSites);
  const path = pathOf(chance, siteNames, 3);
  const file = chance.pick(files) ?? path;
  const any = chance.pick(all) ?? path;
  const text = (): string => write(1 + chance.below(3));
  switch (what) {
    case 'write':
      return { at, do: chance.is(50) ? 'new' : 'write', path, text: text() };
    case 'append':
    case 'save':
      return { at, do: what, path: file, text: text() };
    case 'move':
      return { at, do: 'move', path: any, to: path };
    case 'swap':
      return { at, do: 'swap', path: any, to: chance.pick(all) ?? path };
    case 'remove':
      return { at, do: 'remove', path: any };
    case 'remake':
    case 'copy back': {
      // At once, while the delete is yet to be sent or under way, or only when it is through.
      const ms = chance.below(chance.pick([1, 50, 150, 400, 5000]) ?? 1);
      const gap = chance.pick([0, 0, 5, 50]) ?? 0;
      // Often the first directory that he sees: the others see it first, too.
      const tree = chance.is(50) ? any : (all.find((each) => !files.includes(each)) ?? any);
      return { at, do: what, path: tree, ...(what === 'remake' ? {} : { to: path }), ms, gap };
    }
    case 'program': {
      // Some have it open for so long that others replace it meanwhile.
      const ms = 3000 + chance.below(chance.pick([3000, 60_000]) ?? 1);
      const writes = Array.from({ length: 1 + chance.below(3) }, (): [number, string] => [chance.below(ms), text()]);
      return { at, do: 'program', path: file, writes, ms };
    }
    case 'chmod':
      return { at, do: 'chmod', path: any, mode: (files.includes(any) ? 0o600 : 0o700) | chance.below(64) };
    case 'touch':
      return { at, do: 'touch', path: file, ms: chance.below(100_000) };
    case 'mkdir':
    case undefined:
      return { at, do: 'mkdir', path };
  }
}

export function deedOnShare(chance: Chance, { all, files }: Seen, write: Write): Deed {
  const what = chance.pick(onShare) ?? 'new';
  const path = pathOf(chance, shareNames, 2);
  const file = chance.pick(files) ?? path;
  const any = chance.pick(all) ?? path;
  const at = 'share';
  switch (what) {
    case 'save':
      return { at, do: 'save', path: file, text: write(1) };
    case 'new':
      return { at, do: 'new', path, text: write(1) };
    case 'move':
      return { at, do: 'move', path: any, to: path };
    case 'remove':
      return { at, do: 'remove', path: chance.is(50) ? any : file };
    case 'open':
      return { at, do: 'open', path: any, ms: chance.below(40_000) };
    case 'delete while open':
      return { at, do: what, path: file, ms: chance.below(20_000) };
    case 'mkdir':
      return { at, do: 'mkdir', path };
  }
}

function pathOf(chance: Chance, names: readonly string[], depth: number): string {
  return Array.from({ length: 1 + chance.below(depth) }, () => chance.pick(names) ?? 'a').join('/');
}
