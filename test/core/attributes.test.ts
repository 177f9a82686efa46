// Links, owners, groups and extended attributes in the planner: what is absent is left as it is and is never a difference.
import { describe, expect, test } from '@jest/globals';
import { recorded } from '../../lib/core/attributes.ts';
import { MemoryTrees } from '../../lib/core/memory-trees.ts';
import type { Attributes } from '../../lib/core/node.ts';
import { plan } from '../../lib/core/plan.ts';
import { afterAction, settle, type Sent } from '../../lib/core/settle.ts';
import type { Local, Remote, Synced } from '../../lib/core/trees.ts';
import { lines } from '../support/tiny-trees.ts';

type Kind = 'file' | 'directory' | 'link';

interface Given extends Attributes {
  readonly target?: string;
  readonly version?: number;
  readonly mode?: number;
  readonly id?: string;
}

function common(kind: Kind, { id = 'n', mode = 0o644, version: _version, ...rest }: Given) {
  const file = kind === 'file';
  return {
    id,
    parent: 'root',
    name: 'n',
    kind,
    size: file ? 1 : 0,
    mtime: '1000',
    mode,
    hash: file ? 'h' : null,
    ...rest,
  };
}
const local = (kind: Kind, given: Given = {}): Local => ({ ...common(kind, given), settled: true });
const synced = (kind: Kind, given: Given = {}): Synced => ({ ...common(kind, given), version: given.version ?? 1 });
const remote = (kind: Kind, given: Given = {}): Remote => ({
  ...synced(kind, given),
  seq: 1,
  etag: '',
  fileId: '',
  lastWrite: '',
  author: 'paris',
});

function treesOf(l?: Local, s?: Synced, r?: Remote): MemoryTrees {
  const trees = new MemoryTrees();
  if (l !== undefined) trees.locals.set(l);
  if (s !== undefined) trees.synceds.set(s);
  if (r !== undefined) trees.remotes.set(r);
  return trees;
}

/** What is planned, and the agreed attributes where there are any. */
function planned(l?: Local, s?: Synced, r?: Remote): readonly string[] {
  const ids = [l, s, r].flatMap((each) => (each === undefined ? [] : [each.id]));
  return lines(plan(treesOf(l, s, r), new Set(ids)));
}

describe('P8 owner, group and extended attributes', () => {
  const a = { owner: 'a' };
  const b = { owner: 'b' };
  const none: readonly string[] = [];
  const agreed = ['agree n = root/n@1'];
  test.each<[string, Given, Given, Given, readonly string[]]>([
    ['changed here', b, a, a, ['send attributes n on 1']],
    ['changed there', a, a, b, ['do attributes n']],
    ['changed here and there: the remote wins', b, a, { owner: 'c' }, ['do attributes n']],
    ['changed alike', b, a, b, agreed],
    ['seen here for the first time, and nobody ever said', a, {}, {}, agreed],
    ['changed after that', b, a, {}, ['send attributes n on 1']],
    ['not to be seen here', {}, a, a, none],
    ['not to be seen here, changed there', {}, a, b, ['do attributes n']],
    ['not said there', a, a, {}, none],
    ['no xattrs, and none', { xattrs: {} }, { xattrs: {} }, { xattrs: {} }, none],
    [
      'an xattr removed',
      { xattrs: {} },
      { xattrs: { 'user.a': '' } },
      { xattrs: { 'user.a': '' } },
      ['send attributes n on 1'],
    ],
    [
      'in another order',
      { xattrs: { 'user.a': '', 'user.b': '' } },
      { xattrs: { 'user.b': '', 'user.a': '' } },
      {},
      none,
    ],
  ])('%s', (_, l, s, r, expected) => {
    for (const kind of ['file', 'directory', 'link'] as const) {
      const target = kind === 'link' ? { target: 't' } : {};
      const found = planned(
        local(kind, { ...l, ...target }),
        synced(kind, { ...s, ...target }),
        remote(kind, { ...r, ...target }),
      );
      expect(found).toEqual(expected);
    }
  });

  test('settled: what was sent is agreed, what was not stays', () => {
    const before = synced('file', { owner: 'a', group: 'g' });
    const sent: Sent = { kind: 'attributes', node: 'n', base: 1, owner: 'b' };
    const row = { seq: 2, outcome: 'applied' as const, effects: [{ put: remote('file', { owner: 'b', group: 'g' }) }] };
    const [change] = settle(treesOf(local('file'), before), { sent, rejections: 0 }, row) ?? [];
    expect(change).toEqual({ kind: 'synced', id: 'n', synced: { ...before, owner: 'b' } });
  });

  test('settled: an edit that does not name them leaves them agreed', () => {
    const before = synced('file', { owner: 'a', xattrs: { 'user.a': '' } });
    const content = { size: 1, hash: 'h2' };
    const sent: Sent = {
      kind: 'edit',
      node: 'n',
      base: 1,
      parent: 'root',
      name: 'n',
      content,
      mtime: '5',
      mode: 0o600,
    };
    const put = { ...remote('file', { owner: 'a', version: 2 }), hash: 'h2' };
    const [change] =
      settle(
        treesOf(local('file'), before),
        { sent, rejections: 0 },
        { seq: 2, outcome: 'applied', effects: [{ put }] },
      ) ?? [];
    expect(change).toMatchObject({ synced: { owner: 'a', xattrs: { 'user.a': '' }, version: 2, hash: 'h2' } });
  });

  test('after an action the remote ones are agreed, and what the log does not say as it came out here', () => {
    const done = {
      action: { kind: 'fetch', node: 'n' } as const,
      remote: remote('file', b),
      local: local('file', { owner: 'x', group: 'here' }),
    };
    expect(afterAction(done, undefined)).toMatchObject({ owner: 'b', group: 'here' });
  });
});

describe('what a site shows is recorded in the words of the others', () => {
  test.each<[string, Attributes, (Attributes & { seen?: Attributes }) | undefined, Attributes]>([
    ['new', { owner: 'a' }, undefined, { owner: 'a' }],
    [
      'shown as before: a user that this site does not know',
      { owner: '1000' },
      { owner: 'zoe', seen: { owner: '1000' } },
      { owner: 'zoe' },
    ],
    [
      'shown otherwise: somebody changed it here',
      { owner: 'max' },
      { owner: 'zoe', seen: { owner: '1000' } },
      { owner: 'max' },
    ],
    ['not shown any more', {}, { owner: 'zoe', seen: { owner: '1000' } }, {}],
    ['never compared', { owner: 'a' }, { owner: 'zoe' }, { owner: 'a' }],
  ])('%s', (_, found, before, expected) => {
    expect(recorded(found, before)).toEqual(expected);
  });
});

describe('links', () => {
  const to = (target: string, more: Given = {}): Given => ({ target, mode: 0o777, ...more });
  const l = (target: string, more: Given = {}) => local('link', to(target, more));
  const s = (target: string, more: Given = {}) => synced('link', to(target, more));
  const r = (target: string, more: Given = {}) => remote('link', to(target, more));

  test.each<[string, Local | undefined, Synced | undefined, Remote | undefined, readonly string[]]>([
    ['P1 made here', l('a'), undefined, undefined, ['send create n']],
    ['P2 made there', undefined, undefined, r('a'), ['do fetch n']],
    [
      'P3 made at both, alike',
      l('a'),
      undefined,
      r('a', { id: 'm' }),
      ['agree m = root/n@1', 'adopt n as m', 'later m'],
    ],
    ['P3 made at both, differently', l('a'), undefined, r('b', { id: 'm' }), ['send create n', 'later m']],
    ['P3 a link and a file', l('a'), undefined, remote('file', { id: 'm' }), ['send create n', 'later m']],
    ['P3 the same id, alike', l('a'), undefined, r('a'), ['agree n = root/n@1']],
    ['P3 the same id, differently', l('a'), undefined, r('b'), ['send edit n on 0']],
    ['P4 gone here', undefined, s('a'), r('a'), ['send delete n on 1']],
    ['P4 gone here, changed there', undefined, s('a'), r('b', { version: 2 }), ['forget n', 'do fetch n']],
    ['P5 gone there', l('a'), s('a'), undefined, ['do remove n']],
    ['P5 gone there, changed here', l('b'), s('a'), undefined, ['send edit n on 1']],
    ['P6 changed here', l('b'), s('a'), r('a'), ['send edit n on 1']],
    ['P6 changed there', l('a'), s('a'), r('b', { version: 2 }), ['do replace n']],
    ['P6 changed at both, alike', l('b'), s('a'), r('b', { version: 2 }), ['agree n = root/n@2']],
    ['P6 changed at both, differently', l('b'), s('a'), r('c', { version: 2 }), ['send edit n on 1']],
    ['P8 a mode, of which there is only one', l('a'), s('a'), r('a', { mode: 0o600 }), []],
  ])('%s', (_, here, agreed, there, expected) => {
    expect(planned(here, agreed, there)).toEqual(expected);
  });

  test('settled: the link that was sent is the agreed one', () => {
    const content = { size: 1067, hash: 'h' };
    const sent: Sent = {
      kind: 'create',
      node: 'n',
      parent: 'root',
      name: 'n',
      content,
      target: 'a',
      mtime: '7',
      mode: 0o777,
    };
    const put = { ...r('a', { version: 3 }), hash: 'h' };
    const [change] =
      settle(treesOf(l('a')), { sent, rejections: 0 }, { seq: 3, outcome: 'applied', effects: [{ put }] }) ?? [];
    expect(change).toMatchObject({ synced: { kind: 'link', target: 'a', version: 3, mtime: '7' } });
  });

  test('after a fetch or a replace the remote target is agreed', () => {
    for (const kind of ['fetch', 'replace'] as const)
      expect(afterAction({ action: { kind, node: 'n' }, remote: r('b'), local: l('b') }, s('a'))).toMatchObject({
        kind: 'link',
        target: 'b',
      });
  });
});
