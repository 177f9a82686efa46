// docs/emulators.md says which test shows each line of Microsoft's host and of Event Grid: it must be there.
import { expect, test } from '@jest/globals';
import * as eventGrid from '@azure/eventgrid';
import { documented, methodsOf, unproved } from './surface/documented.ts';

test('every line of the Functions host cites tests that are there', () => {
  expect(unproved(documented('Functions host'), ['contract', 'local/functions-host'])).toEqual([]);
});

test('every line of Event Grid cites tests that are there', () => {
  expect(unproved(documented('Event Grid'), ['contract', 'local/event-grid'])).toEqual([]);
});

test('every call of the installed client of Event Grid is in its table', () => {
  const named = new Set(documented('Event Grid').keys());
  const { EventGridPublisherClient } = eventGrid;
  const credentials = ['AzureKeyCredential', 'AzureSASCredential'];
  const calls = Object.keys(eventGrid).filter(
    (name) => !/^Known|^is[A-Z]/.test(name) && ![...credentials, 'EventGridPublisherClient'].includes(name),
  );
  const asked = [...calls, ...methodsOf('EventGridPublisherClient', EventGridPublisherClient.prototype)];
  expect(asked.filter((name) => !named.has(name))).toEqual([]);
});
