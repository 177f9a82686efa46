// What Service Bus promises, asked of the embedded service and of the namespace that TIDEWAY_TEST_SERVICE_BUS names. What
// only the embedded one can be asked (its clock, restarts, keys of other rights) gets a bench that has it.
import { afterAll, afterEach, beforeAll, describe, jest } from '@jest/globals';
import type { ServiceBusClient, ServiceBusClientOptions } from '@azure/service-bus';
import { type Bench, startBench } from '../../local/service-bus/support.ts';
import type { ServiceBusOptions } from '../../../lib/local/service-bus/start.ts';
import { started } from '../started.ts';
import { Elsewhere } from './elsewhere.ts';

/** A namespace with the entities of topology.json, all of them empty when a case begins. Its clients end with the case. */
export interface Namespace {
  /** With a key that may do everything but manage entities. */
  readonly connectionString: string;
  client(options?: ServiceBusClientOptions): ServiceBusClient;
  clientOf(connectionString: string, options?: ServiceBusClientOptions): ServiceBusClient;
  stop(): Promise<void>;
}

const setting = 'TIDEWAY_TEST_SERVICE_BUS';
/** Others may have their turn first. */
const patience = 30 * 60_000;

/** Registers the cases for the embedded service, and once more for the namespace of the setting. */
export function serviceBusContract(cases: (bench: Namespace) => void): void {
  describe('the embedded Service Bus', () => {
    cases(started(() => startBench(), 'each'));
  });
  const text = process.env[setting] ?? '';
  if (text === '') return;
  // A network lies between, and what a case leaves locked is free only after a while.
  jest.setTimeout(300_000);
  describe(`the namespace of ${setting}`, () => {
    const namespace = new Elsewhere(text);
    beforeAll(() => namespace.begin(), patience);
    cases(namespace);
    afterEach(() => namespace.stop());
    afterAll(() => namespace.end());
  });
}

/** Registers cases that no other namespace can be asked. */
export function embeddedServiceBus(cases: (bench: Bench) => void, options: Partial<ServiceBusOptions> = {}): void {
  describe('the embedded Service Bus alone', () => {
    cases(started(() => startBench(options), 'each'));
  });
}
