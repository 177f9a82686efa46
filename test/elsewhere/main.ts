// The contract suites through their settings, as against an account: `npm run test:elsewhere` asks `tideway local`, a
// process of its own, a part of each, and Azurite the one on tables; with --all everything. A suite that asked nothing fails.
import { askAzurite } from './azurite.ts';
import { askLocal } from './local.ts';

const all = process.argv.includes('--all');
await askLocal(all);
await askAzurite();
