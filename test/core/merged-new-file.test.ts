import { expect, test } from '@jest/globals';
import type { Item, Shape } from '../support/perturb.ts';
import { calm } from '../support/model-endpoint.ts';
import { converge, world } from '../support/world.ts';

const file = (id: string, parent: string, name: string, content: string, mtime: number): [string, Item] => [
  id,
  { id, parent, name, kind: 'file', content, mtime, mode: 0o644 },
];
const directory: [string, Item] = [
  'd',
  { id: 'd', parent: 'root', name: 'd', kind: 'directory', content: '', mtime: 1, mode: 0o755 },
];

// There, a file moved to `c`; here, the same file was edited in its old place, and another one with the old content was saved
// as `c`. "Same content is no conflict" makes the two one node, and the edit must not replace what was saved as `c`.
test('a new file that is merged with one that was edited elsewhere keeps its content', () => {
  const agreed: Shape = new Map([directory, file('x', 'd', 'a', 'old', 2)]);
  const here: Shape = new Map([directory, file('x', 'd', 'a', 'edited', 5), file('y', 'root', 'c', 'old', 4)]);
  const there: Shape = new Map([directory, file('x', 'root', 'c', 'old', 2)]);
  const { endpoint, committer } = world(agreed, here, there, calm, () => true);
  converge([endpoint]);
  const contents = [...committer.nodes.all()].flatMap(({ kind, hash }) => (kind === 'file' ? [hash] : []));
  const sorted = contents.toSorted((a, b) => String(a).localeCompare(String(b)));
  expect(sorted).toEqual(['edited', 'old']);
});
