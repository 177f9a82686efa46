import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { buildAddon } from '../../../native/addon.ts';
import { nodeSite } from './site.ts';

test('the addon is built once, and again when a source is newer; without a compiler nothing is spoiled', async () => {
  await using site = await nodeSite();
  const { root } = site.fs;
  const output = join(root, 'build/fs.node');
  expect(await buildAddon(output, 'g++')).toEqual({ outcome: 'built' });
  expect(await buildAddon(output, 'no-such-compiler')).toEqual({ outcome: 'current' });
  fs.utimesSync(output, 1, 1);
  const failed = await buildAddon(output, 'no-such-compiler');
  expect(failed).toEqual({ outcome: 'failed', reason: 'no compiler (no-such-compiler)' });
  expect(await buildAddon(output, 'false')).toMatchObject({ outcome: 'failed' });
  expect(fs.readdirSync(join(root, 'build'))).toEqual(['fs.node']);
}, 30_000);
