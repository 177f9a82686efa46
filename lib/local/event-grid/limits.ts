// What Azure refuses of a subscription when it is made. Source: Event filtering for Event Grid subscriptions; Output
// batching; Custom delivery properties, Microsoft Learn.
import { TidewayError } from '../../base/errors.ts';
import { type AdvancedFilter, operators } from './advanced-filter.ts';
import { entityOf } from './destination.ts';
import type { Subscription } from './subscription.ts';

const most = { filters: 25, values: 25, text: 512, attributes: 10, subscriptions: 500 } as const;

/** Errors: `subscription_invalid`, naming the subscription. */
/** `withServiceBus`: there is a namespace to deliver to. */
export function checkSubscriptions(subscriptions: readonly Subscription[], withServiceBus = false): void {
  const names = new Set<string>();
  if (subscriptions.length > most.subscriptions) refuse('', `a topic has at most ${most.subscriptions} of them`);
  for (const subscription of subscriptions) {
    const { name } = subscription;
    if (!/^[A-Za-z0-9-]{3,64}$/.test(name)) refuse(name, 'a name has 3 to 64 letters, digits and hyphens');
    if (names.has(name.toLowerCase())) refuse(name, 'the name is there twice');
    names.add(name.toLowerCase());
    if (!withServiceBus && entityOf(subscription.endpoint) !== undefined)
      refuse(name, 'there is no Service Bus to deliver to');
    checkNumbers(subscription);
    checkFilters(subscription);
    checkAttributes(subscription);
  }
}

function checkNumbers(subscription: Subscription): void {
  const bounds = [
    ['maxDeliveryAttempts', 30],
    ['eventTimeToLiveInMinutes', 1440],
    ['maxEventsPerBatch', 5000],
    ['preferredBatchSizeInKilobytes', 1024],
  ] as const;
  for (const [field, largest] of bounds) {
    const value = subscription[field];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= largest))
      refuse(subscription.name, `${field} is a whole number from 1 to ${largest}`);
  }
}

function checkFilters({ name, advancedFilters = [] }: Subscription): void {
  if (advancedFilters.length > most.filters) refuse(name, `there are at most ${most.filters} advanced filters`);
  const values = advancedFilters.flatMap(valuesOf);
  if (values.length > most.values) refuse(name, `all advanced filters together have at most ${most.values} values`);
  for (const filter of advancedFilters) {
    const { operatorType, key } = filter;
    if (!operators.includes(operatorType)) refuse(name, `there is no operator ${operatorType}`);
    if (key === '') refuse(name, 'an advanced filter needs a key');
    const given = valuesOf(filter);
    const fits = given.every((value) => isOperand(operatorType, value));
    const none = operatorType === 'IsNullOrUndefined' || operatorType === 'IsNotNull';
    if (!fits || (given.length === 0) !== none) refuse(name, `the values of ${operatorType} on ${key} make no sense`);
  }
}

function valuesOf({ value, values }: AdvancedFilter): readonly unknown[] {
  return values ?? (value === undefined ? [] : [value]);
}

function isOperand(operatorType: string, value: unknown): boolean {
  if (operatorType.startsWith('String')) return typeof value === 'string' && value.length <= most.text;
  if (operatorType.startsWith('Bool')) return typeof value === 'boolean';
  if (!operatorType.endsWith('InRange')) return typeof value === 'number';
  return Array.isArray(value) && value.length === 2 && value.every((end) => typeof end === 'number');
}

function checkAttributes({ name, deliveryAttributeMappings = [] }: Subscription): void {
  if (deliveryAttributeMappings.length > most.attributes)
    refuse(name, `there are at most ${most.attributes} delivery attributes`);
  for (const attribute of deliveryAttributeMappings) {
    const { value, sourceField } = attribute.properties;
    if (!/^[A-Za-z0-9-]+$/.test(attribute.name) || /^(aeg-|content-|host$)/i.test(attribute.name))
      refuse(name, `${attribute.name} cannot be a header of a delivery`);
    if ((attribute.type === 'Static' ? value : sourceField) === undefined)
      refuse(
        name,
        `the delivery attribute ${attribute.name} has no ${attribute.type === 'Static' ? 'value' : 'source'}`,
      );
  }
}

function refuse(name: string, what: string): never {
  throw new TidewayError('subscription_invalid', `event subscription ${name}: ${what}`, {
    path: name,
    hint: 'Correct the subscription in the topology file.',
  });
}
