import { describe, expect, test } from '@jest/globals';
import { identify, type Known, type Site } from '../../lib/core/identify.ts';
import { rootId, type NodeId } from '../../lib/core/node.ts';
import { looked, type Seen } from '../support/looked.ts';
import fc from '../support/property.ts';

// A site as users leave it: sizes and times are all the same, numbers are given again at once, and only some things are
// heard. Whatever the scans are told, each entry of the tree is one that is there, and a hash is that of its content.
describe('P20 to P22 whatever happens between two scans', () => {
  interface OnDisk extends Seen {
    readonly content: string;
  }
  const name = fc.constantFrom('a', 'b', 'c');
  const step = fc.record({ what: fc.constantFrom('put', 'put', 'move', 'remove', 'copy', 'mode'), name, to: name });
  const rounds = fc.array(fc.record({ steps: fc.array(step, { maxLength: 6 }), heard: fc.boolean() }), {
    maxLength: 6,
  });

  test.each([true, false])('births told: %s', (births) => {
    fc.assert(
      fc.property(rounds, (all) => {
        const disk = new Map<string, OnDisk>();
        const free = ['1', '2', '3', '4', '5', '6'];
        const tree = new Map<NodeId, Known>();
        let tick = 0;
        let count = 0;
        for (const { steps, heard } of all) {
          const written = new Set<string>();
          for (const { what, name: at, to } of steps) {
            const there = disk.get(at);
            const ctime = `${++tick}`;
            if (what === 'put' && there === undefined) {
              const born = births ? ctime : '0';
              const file = { kind: 'file', size: 1, mtime: '1', mode: 0o644 } as const;
              disk.set(at, { ...file, name: at, inode: `1:${free.shift()}`, born, ctime, heard, content: ctime });
              written.add(at);
            } else if (there === undefined) continue;
            else if (what === 'copy') {
              disk.set(at, { ...there, ctime, content: ctime });
              written.add(at);
            } else if (what === 'mode') disk.set(at, { ...there, ctime, mode: there.mode ^ 0o100 });
            else if (what === 'remove' || (what === 'move' && to !== at)) {
              const over = what === 'move' ? disk.get(to) : there;
              if (over !== undefined) free.unshift(over.inode.slice(2));
              disk.delete(at);
              if (written.delete(at) && what === 'move') written.add(to);
              if (what === 'move') disk.set(to, { ...there, name: to, ctime });
            }
          }
          const listing = [...disk.values()].map((file) => ({
            ...file,
            heard,
            written: heard && written.has(file.name),
          }));
          const site: Site = {
            withInode: (inode) => [...tree.values()].filter((entry) => entry.inode === inode),
            localChildren: (parent) => [...tree.values()].filter((entry) => entry.parent === parent),
            local: (id) => tree.get(id),
            localAt: (parent, called) => [...tree.values()].find((e) => e.parent === parent && e.name === called),
            synced: () => undefined,
            syncedAt: () => [],
            // Any of them may be on its way, however it got its name.
            isSent: (id) => id.length % 2 === 0,
          };
          const at = { ...site, directoryAt: () => rootId };
          const { put, gone } = identify(site, looked(at, new Map([['', listing]])), () => `n${++count}`);
          for (const id of gone) tree.delete(id);
          for (const entry of put) tree.set(entry.id, entry);
          expect([...tree.values()].map((entry) => entry.name).toSorted()).toEqual([...disk.keys()].toSorted());
          for (const entry of tree.values()) {
            const content = disk.get(entry.name)?.content;
            if (entry.hash !== null) expect([entry.name, entry.hash]).toEqual([entry.name, content]);
            // Somebody reads it, and the hash is known from then on.
            tree.set(entry.id, { ...entry, hash: content ?? null });
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
