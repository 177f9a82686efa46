import { type AdvancedFilter, matchesAdvanced } from './advanced-filter.ts';
import type { PublishedEvent } from './event.ts';

export interface Subscription {
  /** Names its deliveries in the state: a renamed subscription starts anew. */
  readonly name: string;
  /** Where events are posted, query and key included. */
  readonly endpoint: string;
  readonly includedEventTypes?: readonly string[] | undefined;
  /** Without regard to case, as Azure does unless told. */
  readonly subjectBeginsWith?: string | undefined;
  readonly subjectEndsWith?: string | undefined;
  /** All of them must fit. */
  readonly advancedFilters?: readonly AdvancedFilter[] | undefined;
}

export function matches(subscription: Subscription, event: PublishedEvent): boolean {
  const { includedEventTypes, subjectBeginsWith = '', subjectEndsWith = '', advancedFilters = [] } = subscription;
  const subject = event.subject.toLowerCase();
  return (
    (includedEventTypes === undefined || includedEventTypes.includes(event.type)) &&
    subject.startsWith(subjectBeginsWith.toLowerCase()) &&
    subject.endsWith(subjectEndsWith.toLowerCase()) &&
    advancedFilters.every((filter) => matchesAdvanced(filter, event.value))
  );
}
