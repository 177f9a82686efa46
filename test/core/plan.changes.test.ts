import { describe } from '@jest/globals';
import { checkPlans as check } from '../support/plan-cases.ts';
import type { TinyTrees } from '../support/tiny-trees.ts';

const f = 'root/f';
const d = 'root/d/';

describe('P6 content of a file that all three have', () => {
  const one = (local: string, synced: string, remote: string): TinyTrees => ({
    local: { a: local },
    synced: { a: synced },
    remote: { a: remote },
  });
  check([
    { it: 'equal: nothing', ...one(`${f}=x`, `${f}=x`, `${f}=x`), plan: [] },
    { it: 'edited here', ...one(`${f}=y`, `${f}=x@2`, `${f}=x@2`), plan: ['send edit a on 2'] },
    { it: 'perhaps edited here', ...one(`${f}=?`, `${f}=x`, `${f}=x`), plan: ['hash a'] },
    { it: 'certainly edited: another size', ...one(`${f}=?`, `${f}=xx9`, `${f}=xx9`), plan: ['send edit a on 1'] },
    { it: 'edited there', ...one(`${f}=x`, `${f}=x@2`, `${f}=y@5`), plan: ['do replace a'] },
    { it: 'edited there, perhaps here', ...one(`${f}=?`, `${f}=x@2`, `${f}=y@5`), plan: ['hash a'] },
    { it: 'edited alike', ...one(`${f}=y`, `${f}=x@2`, `${f}=y@5`), plan: ['agree a = root/f@5'] },
    {
      it: 'edited differently: the committer decides',
      ...one(`${f}=z`, `${f}=x@2`, `${f}=y@5`),
      plan: ['send edit a on 2'],
    },
    { it: 'edited there, a writer at it here: later', ...one(`${f}=?*`, `${f}=x@2`, `${f}=y@5`), plan: ['later a'] },
    {
      it: 'edited there, in flight here: later',
      ...one(`${f}=z`, `${f}=x@2`, `${f}=y@5`),
      flight: ['a'],
      plan: ['later a'],
    },
    { it: 'never agreed on, equal', local: { a: `${f}=y` }, remote: { a: `${f}=y@5` }, plan: ['agree a = root/f@5'] },
    { it: 'never agreed on, perhaps equal', local: { a: `${f}=?` }, remote: { a: `${f}=y@5` }, plan: ['hash a'] },
    { it: 'never agreed on, different', local: { a: `${f}=z` }, remote: { a: `${f}=y@5` }, plan: ['send edit a on 0'] },
  ]);
});

describe('P7 place of a node that all three have', () => {
  const one = (local: string, synced: string, remote: string): TinyTrees => ({
    local: { a: local },
    synced: { a: synced },
    remote: { a: remote },
  });
  check([
    { it: 'moved here', ...one('root/g=x', `${f}=x`, `${f}=x`), plan: ['send move a to root/g'] },
    { it: 'moved there', ...one(`${f}=x`, `${f}=x`, 'root/g=x'), plan: ['do move a to root/g'] },
    { it: 'moved alike', ...one('root/g=x', `${f}=x`, 'root/g=x'), plan: ['agree a = root/g@1'] },
    {
      it: 'moved differently: the later row of the log wins',
      ...one('root/g=x', `${f}=x`, 'root/h=x'),
      plan: ['send move a to root/g'],
    },
    {
      it: 'moved and edited here: the move first',
      ...one('root/g=y', `${f}=x`, `${f}=x`),
      plan: ['send move a to root/g'],
    },
    {
      it: 'into a directory made here',
      local: { a: 'b/f=x', b: 'root/b/' },
      synced: { a: `${f}=x` },
      remote: { a: `${f}=x` },
      plan: ['send mkdir b', 'send move a to b/f'],
    },
    {
      it: 'into a directory made there',
      local: { a: `${f}=x` },
      synced: { a: `${f}=x` },
      remote: { a: 'b/f=x', b: 'root/b/' },
      plan: ['do mkdir b', 'do move a to b/f'],
    },
    {
      it: 'a name that cannot exist here',
      ...one(`${f}=x`, `${f}=x`, `root/${'y'.repeat(256)}=x`),
      plan: ['problem a name_too_long'],
    },
  ]);
});

describe('P8 mode and time', () => {
  const one = (local: string, synced: string, remote: string): TinyTrees => ({
    local: { a: local },
    synced: { a: synced },
    remote: { a: remote },
  });
  check([
    { it: 'mode here', ...one(`${f}=x!600`, `${f}=x`, `${f}=x`), plan: ['send attributes a on 1'] },
    { it: 'mode there', ...one(`${f}=x`, `${f}=x`, `${f}=x!600`), plan: ['do attributes a'] },
    { it: 'mode of both: the remote wins', ...one(`${f}=x!700`, `${f}=x`, `${f}=x!600`), plan: ['do attributes a'] },
    { it: 'alike', ...one(`${f}=x!600`, `${f}=x`, `${f}=x!600`), plan: ['agree a = root/f@1'] },
    { it: 'only a new time here', ...one(`${f}=x~7`, `${f}=x`, `${f}=x`), plan: ['send attributes a on 1'] },
    { it: 'only a new time there', ...one(`${f}=x`, `${f}=x`, `${f}=x~7`), plan: ['do attributes a'] },
    { it: 'directory times are not synced', ...one(`${d}~7`, d, `${d}~9`), plan: [] },
    { it: 'directory modes are', ...one(`${d}!700`, d, d), plan: ['send attributes a on 0'] },
  ]);
});
