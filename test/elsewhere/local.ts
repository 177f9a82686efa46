// `tideway local` in the place of Azure.
import { join } from 'node:path';
import { runSuites } from './suites.ts';
import { root, startedProcess } from './started-process.ts';

/** A file of each service, with creation, signatures and topics in them; a few seconds each. */
const part = ['files-basics', 'files-sas', 'service-bus-topics', 'event-grid-publishing', 'tables'];
const everything = ['files-[a-z-]+', 'service-bus[a-z-]*', 'event-grid-publishing', 'tables'];

export async function askLocal(all: boolean): Promise<void> {
  const topology = join(root, 'test/contract/service-bus/topology.json');
  const arguments_ = ['local', '--json', '--only', 'files,tables,servicebus,eventgrid', '--topology', topology];
  const local = await startedProcess(join(root, 'bin/tideway'), arguments_, /^ready /m);
  try {
    const settings = JSON.parse(local.said.split('\n')[0] ?? '') as Record<string, string>;
    const { AZURE_STORAGE_CONNECTION_STRING: account = '', SERVICEBUS_CONNECTION_STRING: namespace = '' } = settings;
    const { EVENTGRID_TOPIC_ENDPOINT: topic = '', EVENTGRID_TOPIC_KEY: key = '' } = settings;
    await runSuites(all ? everything : part, {
      TIDEWAY_TEST_FILES: account,
      TIDEWAY_TEST_TABLES: account,
      TIDEWAY_TEST_SERVICE_BUS: namespace,
      TIDEWAY_TEST_EVENT_GRID: `Endpoint=${topic};AccessKey=${key}`,
    });
  } finally {
    await local.stop();
  }
}
