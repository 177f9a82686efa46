// docs/emulators.md says what each call of durable-functions does here, and which test shows it: none may be missing.
import { expect, test } from '@jest/globals';
import { createRequire } from 'node:module';
import { documented, methodsOf, unproved } from './surface/documented.ts';

const load = createRequire(import.meta.url);
type Prototype = { readonly prototype: object };
const { DurableClient } = load('durable-functions/lib/src/durableClient/DurableClient') as { DurableClient: Prototype };
const { DurableOrchestrationContext } = load(
  'durable-functions/lib/src/orchestrations/DurableOrchestrationContext',
) as {
  DurableOrchestrationContext: Prototype;
};
/** Of the library for itself. */
const own = [
  'createGenericError',
  'createHttpResponse',
  'extractUniqueWebhookOrigins',
  'extractWebhookOrigins',
  'extractVersionFromHistory',
  'getClientResponseLinks',
  'getDistributedTracingHeaders',
  'getStatusInternal',
  'hasValidRequestUrl',
  'isDFTaskArray',
];

const rows = documented('Durable Functions');

test('every call of the client and of the orchestration context is described', () => {
  const calls = [
    ...methodsOf('DurableClient', DurableClient.prototype, own),
    ...methodsOf('DurableOrchestrationContext', DurableOrchestrationContext.prototype, own),
  ];
  expect(calls.filter((call) => !rows.has(call))).toEqual([]);
});

test('what is described is shown by tests that are there', () => {
  expect(unproved(rows, ['contract', 'local/functions-host'])).toEqual([]);
});
