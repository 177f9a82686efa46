// `npm install` runs this. Without a compiler Tideway still works, and this says in one line what is lost.
import { join } from 'node:path';
import { buildAddon } from './addon.ts';

const result = buildAddon(join(import.meta.dirname, '..', 'build', 'fs.node'), process.env['CXX'] ?? 'g++');

void result.then((built) => {
  if (built.outcome === 'failed')
    console.log(
      `tideway: the addon was not built (${built.reason}): changes are found by polling, in up to 60 s, and ` +
        'modification times are kept to the microsecond. Install g++ and run `node native/build.ts`.',
    );
});
