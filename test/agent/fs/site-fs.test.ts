import { constants } from 'node:os';
import { contract } from './contract.ts';
import { attributeContract } from './contract-attributes.ts';
import { surveyContract } from './contract-survey.ts';
import { kernel, memory } from './foreign.ts';
import { memorySite, nativeSite, nodeSite, siteOver } from './site.ts';

for (const [name, make, foreign] of [
  ['native', nativeSite, kernel],
  ['node', nodeSite, kernel],
  ['memory', memorySite, memory],
] as const) {
  contract(name, make, foreign);
  attributeContract(name, make, foreign);
  surveyContract(name, make, foreign);
}

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
