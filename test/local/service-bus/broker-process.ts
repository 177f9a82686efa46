// A broker in a process of its own, to be killed: file and port are arguments.
import { startServiceBus } from '../../../lib/local/service-bus/start.ts';
import { rootKey, topology } from './fixture.ts';

const [file = '', port = '0'] = process.argv.slice(2);
const service = await startServiceBus({ file, port: Number(port), topology, keys: [rootKey] });
process.stdout.write(`${service.port}\n`);
