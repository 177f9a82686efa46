import { constants } from 'node:os';
import { contract } from './contract.ts';
import { kernel, memory } from './foreign.ts';
import { memorySite, nativeSite, nodeSite, siteOver } from './site.ts';

contract('native', nativeSite, kernel);
contract('node', nodeSite, kernel);
contract('memory', memorySite, memory);

contract(
  'native on a volume without flags for renames',
  () =>
    siteOver((native) => ({
      ...native,
      rename: (root, from, to, flags) =>
        flags === 0 ? native.rename(root, from, to, 0) : Promise.resolve(-constants.errno.EINVAL),
    })),
  kernel,
);
