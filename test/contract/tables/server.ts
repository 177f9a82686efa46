// A Table service in a process of its own, to be killed: `node server.ts FILE KEY` prints the URL and runs until then.
import { startTables } from '../../../lib/local/tables/service.ts';

const [file = '', key = ''] = process.argv.slice(2);
void startTables({ file, account: { name: 'killed', key } }).then(({ url }) => process.stdout.write(`${url}\n`));
