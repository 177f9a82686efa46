import { describe, expect, test } from '@jest/globals';
import type { AdvancedFilter } from '../../../lib/local/event-grid/advanced-filter.ts';
import { checkSubscriptions } from '../../../lib/local/event-grid/limits.ts';
import type { Subscription } from '../../../lib/local/event-grid/subscription.ts';

const one = (more: Partial<Subscription> = {}): Subscription => ({ name: 'one', endpoint: 'http://x/', ...more });
const filters = (...advancedFilters: unknown[]): Partial<Subscription> => ({
  advancedFilters: advancedFilters as AdvancedFilter[],
});
const isIn = (count: number) => ({ operatorType: 'StringIn', key: 'a', values: Array(count).fill('x') });
const header = (name: string, value?: string) => ({ name, type: 'Static' as const, properties: { value } });

describe('a subscription is refused', () => {
  test.each<[string, Partial<Subscription>, string]>([
    ['whose name is too short', { name: 'ab' }, 'a name has'],
    ['with 31 attempts', { maxDeliveryAttempts: 31 }, 'from 1 to 30'],
    ['that lives for no time', { eventTimeToLiveInMinutes: 0 }, 'from 1 to 1440'],
    ['that lives for longer than a day', { eventTimeToLiveInMinutes: 1441 }, 'from 1 to 1440'],
    ['with half an event a batch', { maxEventsPerBatch: 0.5 }, 'from 1 to 5000'],
    ['with large batches', { preferredBatchSizeInKilobytes: 1025 }, 'from 1 to 1024'],
    ['with 26 filters', filters(...Array(26).fill({ operatorType: 'IsNotNull', key: 'a' })), 'at most 25 advanced'],
    ['with 26 values in all', filters(isIn(20), isIn(6)), 'at most 25 values'],
    ['with a long text', filters({ ...isIn(0), values: ['x'.repeat(513)] }), 'make no sense'],
    ['with a number for a text', filters({ ...isIn(0), values: [1] }), 'make no sense'],
    ['with a text for a number', filters({ operatorType: 'NumberIn', key: 'a', values: ['1'] }), 'make no sense'],
    ['with half a range', filters({ operatorType: 'NumberInRange', key: 'a', values: [[1]] }), 'make no sense'],
    ['with values for none', filters({ operatorType: 'IsNotNull', key: 'a', values: [1] }), 'make no sense'],
    ['without values', filters(isIn(0)), 'make no sense'],
    ['with a filter of no key', filters({ ...isIn(1), key: '' }), 'needs a key'],
    ['with an operator of no name', filters({ operatorType: 'Is', key: 'a' }), 'no operator Is'],
    ['with a header of ours', { deliveryAttributeMappings: [header('aeg-event-type', 'x')] }, 'cannot be a header'],
    ['with a header of no value', { deliveryAttributeMappings: [header('x')] }, 'has no value'],
    ['with 11 headers', { deliveryAttributeMappings: Array(11).fill(header('x', 'y')) }, 'at most 10'],
  ])('%s', (_, subscription, message) => {
    expect(() => checkSubscriptions([one(subscription)])).toThrow(message);
  });

  test('whose name is there before', () => {
    expect(() => checkSubscriptions([one(), one({ name: 'ONE' })])).toThrow('there twice');
  });

  test('and not at its limits', () => {
    const subscription = one({
      maxDeliveryAttempts: 30,
      eventTimeToLiveInMinutes: 1440,
      maxEventsPerBatch: 5000,
      preferredBatchSizeInKilobytes: 1024,
      deliveryAttributeMappings: Array(10).fill(header('x', 'y')),
      ...filters(isIn(24), { operatorType: 'BoolEquals', key: 'b', value: true }),
    });
    expect(() => checkSubscriptions([subscription, one({ name: 'two' })])).not.toThrow();
  });
});
