// A service in a process of its own, so that its clients do not share its event loop: one number or URL on its first line,
// and its CPU time (microseconds) whenever it is asked with a line. It ends with whoever started it.
import { createInterface } from 'node:readline';
import path from 'node:path';
import { startFiles } from '../../lib/local/files/service.ts';
import { startServiceBus } from '../../lib/local/service-bus/start.ts';
import { expandTopology } from '../../lib/local/service-bus/topology.ts';
import { startTables } from '../../lib/local/tables/service.ts';
import { startBareFiles } from './bare-files.ts';

const [which = '', file = '', key = ''] = process.argv.slice(2);

async function start(): Promise<string> {
  if (which === 'tables') return (await startTables({ file, account: { name: 'bench', key } })).url;
  if (which === 'files') return (await startFiles({ dir: path.dirname(file), account: { name: 'bench', key } })).url;
  if (which === 'bare-files') return startBareFiles(path.dirname(file));
  const topology = expandTopology({ queues: [{ name: 'plain' }, { name: 'sessions', requiresSession: true }] });
  return String((await startServiceBus({ file, topology, keys: [{ name: 'root', key }] })).port);
}

start().then(
  (address) => {
    process.stdout.write(`${address}\n`);
    createInterface(process.stdin)
      .on('line', () => {
        const { user, system } = process.cpuUsage();
        process.stdout.write(`${user + system}\n`);
      })
      .on('close', () => process.exit());
  },
  (error: unknown) => {
    throw error;
  },
);
