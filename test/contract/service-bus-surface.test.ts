// Nothing of the installed client is forgotten: each of its calls and options has its line in docs/emulators.md, and each
// line its test.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as serviceBus from '@azure/service-bus';
import { startBench } from '../local/service-bus/support.ts';
import type { Bench } from '../local/service-bus/support.ts';
import { documented, membersOf, methodsOf, optionTypes, unproved } from './surface/documented.ts';

const main = createRequire(import.meta.filename).resolve('@azure/service-bus');
const declarations = readFileSync(join(dirname(main), '../types/latest/service-bus.d.ts'), 'utf8');
const rows = documented('Service Bus');
const asked = [...rows.keys()].filter((name) => name.includes('.'));
const calls = ['ServiceBusClient', 'ServiceBusSender', 'ServiceBusReceiver', 'ServiceBusSessionReceiver'].concat(
  'ServiceBusRuleManager',
  'ServiceBusMessageBatch',
);
const isCall = (name: string): boolean => calls.includes(name.split('.')[0] ?? '');

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.stop());

/** The members of what the client makes, as they are there when it runs. */
async function made(): Promise<string[]> {
  const client = bench.client();
  const sender = client.createSender('plain');
  const objects = {
    ServiceBusClient: client,
    ServiceBusSender: sender,
    ServiceBusReceiver: client.createReceiver('plain'),
    ServiceBusSessionReceiver: await client.acceptSession('sessions', 'a'),
    ServiceBusRuleManager: client.createRuleManager('news', 'red'),
    ServiceBusMessageBatch: await sender.createMessageBatch(),
  };
  // Not in its declarations.
  const own = ['logPrefix', 'getRules', 'ServiceBusRuleManager.isClosed'];
  return Object.entries(objects).flatMap(([name, object]) =>
    methodsOf(name, Object.getPrototypeOf(object) as object, own).filter((member) => !own.includes(member)),
  );
}

test('every call of the installed client is in the table', async () => {
  const members = await made();
  expect(members.length).toBeGreaterThan(40);
  expect(members.filter((member) => !rows.has(member))).toEqual([]);
});

test('every member that the installed client declares is in the table, and nothing else', () => {
  const named = optionTypes(declarations).filter((type) => declarations.includes(`interface ${type} `));
  // Those of the administration client, which is out; and one for its tracing alone.
  const without = ['CreateQueueOptions', 'CreateTopicOptions', 'CreateSubscriptionOptions', 'TryAddOptions'].concat(
    'ServiceBusAdministrationClientOptions',
  );
  const types = new Set([...named, 'DeadLetterOptions'].filter((type) => !without.includes(type)));
  const filters = ['CorrelationRuleFilter', 'SqlRuleFilter', 'SqlRuleAction', 'ServiceBusMessage'];
  const options = membersOf(declarations, [...types, ...filters]);
  const inherited = membersOf(declarations, ['ServiceBusReceiver']).map((member) =>
    member.replace('ServiceBusReceiver', 'ServiceBusSessionReceiver'),
  );
  const members = membersOf(
    declarations,
    calls.filter((type) => type !== 'ServiceBusClient'),
  );
  expect(asked.filter((name) => !isCall(name)).toSorted()).toEqual(options.toSorted());
  expect(asked.filter((name) => isCall(name) && !name.startsWith('ServiceBusClient.')).toSorted()).toEqual(
    [...new Set([...members, ...inherited])].toSorted(),
  );
});

test('the package exports nothing new', () => {
  expect(Object.keys(serviceBus).toSorted()).toEqual(
    ['MessagingError', 'RetryMode', 'ServiceBusAdministrationClient', 'ServiceBusClient', 'ServiceBusError']
      .concat('TokenType', 'delay', 'isServiceBusError', 'parseServiceBusConnectionString')
      .toSorted(),
  );
});

test('every line of the table cites tests that are there', () => {
  expect(unproved(rows, ['contract', 'local/service-bus'])).toEqual([]);
});
