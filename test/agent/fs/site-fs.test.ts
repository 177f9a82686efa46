import { contract } from './contract.ts';
import { kernel, memory } from './foreign.ts';
import { memorySite, nativeSite, nodeSite } from './site.ts';

contract('native', nativeSite, kernel);
contract('node', nodeSite, kernel);
contract('memory', memorySite, memory);
