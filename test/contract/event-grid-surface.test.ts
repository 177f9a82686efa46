// docs/emulators.md is held to what there is: every call of the client and every property of a subscription has its line.
import * as eventGrid from '@azure/eventgrid';
import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { documented, methodsOf, unproved } from './surface/documented.ts';

const rows = documented('Event Grid');

test('every call of the installed client is told', () => {
  const { EventGridPublisherClient } = eventGrid;
  const others = ['AzureKeyCredential', 'AzureSASCredential', 'EventGridPublisherClient'];
  const calls = Object.keys(eventGrid).filter((name) => !/^Known|^is[A-Z]/.test(name) && !others.includes(name));
  const asked = [...calls, ...methodsOf('EventGridPublisherClient', EventGridPublisherClient.prototype)];
  expect(asked.filter((name) => !rows.has(name))).toEqual([]);
});

test('every property of a subscription is told', () => {
  const source = readFileSync(path.join(import.meta.dirname, '../../lib/local/stack/topology.ts'), 'utf8');
  const body = /const subscription = z[^]*?\n {2}\.refine/.exec(source)?.[0] ?? '';
  const properties = [...body.matchAll(/^ {4}(\w+): /gm)].map(([, name = '']) => name);
  expect(properties.length).toBeGreaterThan(12);
  expect(properties.filter((name) => !rows.has(name))).toEqual([]);
});

test('what is told is shown by a test', () => {
  const folders = ['contract', 'local/event-grid', 'local/stack', 'e2e'];
  expect(unproved(rows, folders)).toEqual([]);
  const local = documented('In the tests of another project');
  expect(unproved(new Map([...local].filter(([, proof]) => proof.startsWith('"'))), folders)).toEqual([]);
});

test('every service that is killed has tests that are there', () => {
  const text = readFileSync(path.join(import.meta.dirname, '../../docs/emulators.md'), 'utf8');
  const section = /\n## Kills\n([^]*?)\n## /.exec(text)?.[1] ?? '';
  const cited = new Map(
    [...section.matchAll(/\| (\w[^|]*) \| ("[^|]*) \|/g)].map(([, name = '', proof = '']) => [name, proof]),
  );
  expect([...cited.keys()]).toEqual(['files', 'tables', 'Service Bus', 'Event Grid', 'Functions host', 'Durable']);
  expect(unproved(cited, ['contract', 'kills', 'local'])).toEqual([]);
});
