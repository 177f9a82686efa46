// What one agent takes for the outcome of what it sent, though another one with the same state (or its own earlier self, whose
// state came back from a backup) may have sent something else under the same name.
import { expect, test } from '@jest/globals';
import { isOutcomeOf } from '../../../lib/agent/follow/own-row.ts';
import type { LogRow } from '../../../lib/protocol/log-row.ts';
import type { Operation } from '../../../lib/protocol/operation.ts';

const edit = { kind: 'edit', node: 'n', parent: 'root', name: 'd', base: 1, content: { hash: 'mine' } };
const put = (id: string, author: string, hash: string | null) => ({ put: { id, author, hash, name: 'd' } });

test.each([
  ['its own content', 'applied', [put('n', 'lima', 'mine')], undefined, true],
  ['another content', 'applied', [put('n', 'lima', 'other')], undefined, false],
  [
    'another content, which won a conflict',
    'conflict',
    [put('c', 'tokyo', 'x'), put('n', 'lima', 'other')],
    undefined,
    false,
  ],
  ['another content, which lost a conflict', 'conflict', [put('c', 'lima', 'other')], 'c', false],
  ['its own content, which lost a conflict', 'conflict', [put('c', 'lima', 'mine')], 'c', true],
  ['what somebody wrote into it on the share', 'applied', [put('n', 'Cloud', null)], undefined, true],
  ['nothing new: it was there', 'applied', [], undefined, true],
  [
    'merged with what has its content',
    'applied',
    [{ alias: 'n', to: 'm' }, put('m', 'tokyo', 'mine')],
    undefined,
    true,
  ],
  [
    'merged with what has another content',
    'applied',
    [{ alias: 'n', to: 'm' }, put('m', 'lima', 'other')],
    undefined,
    false,
  ],
  [
    'merged with what was read on the share',
    'applied',
    [{ alias: 'n', to: 'm' }, put('m', 'Cloud', null)],
    undefined,
    true,
  ],
  ['what another one had written, too', 'applied', [put('n', 'tokyo', 'mine')], undefined, true],
  ['what another one wrote, and it did not', 'applied', [put('n', 'tokyo', 'other')], undefined, false],
] as const)('%s', (_, outcome, effects, became, expected) => {
  const row = { op: 'edit', node: 'n', server: 'lima', outcome, effects, ...(became && { became }) };
  expect(isOutcomeOf(edit as Operation, row as unknown as LogRow)).toBe(expected);
});
