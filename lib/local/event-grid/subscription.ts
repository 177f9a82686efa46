import { type AdvancedFilter, matchesAdvanced } from './advanced-filter.ts';
import type { EventSchema, PublishedEvent } from './event.ts';
import type { RetryPolicy } from './retry-schedule.ts';

export interface Subscription extends RetryPolicy {
  /** Names its deliveries in the state: a renamed subscription starts anew. */
  readonly name: string;
  /** Where events are posted, query and key included. */
  readonly endpoint: string;
  readonly includedEventTypes?: readonly string[] | undefined;
  /** Without regard to case unless `isSubjectCaseSensitive`. */
  readonly subjectBeginsWith?: string | undefined;
  readonly subjectEndsWith?: string | undefined;
  readonly isSubjectCaseSensitive?: boolean | undefined;
  /** All of them must fit. */
  readonly advancedFilters?: readonly AdvancedFilter[] | undefined;
  /** As each event came, unless told. */
  readonly deliverySchema?: EventSchema | undefined;
}

export function matches(subscription: Subscription, event: PublishedEvent): boolean {
  const { includedEventTypes, subjectBeginsWith = '', subjectEndsWith = '', advancedFilters = [] } = subscription;
  const fold = (text: string): string => (subscription.isSubjectCaseSensitive === true ? text : text.toLowerCase());
  const subject = fold(event.subject);
  return (
    (includedEventTypes === undefined || includedEventTypes.includes(event.type)) &&
    subject.startsWith(fold(subjectBeginsWith)) &&
    subject.endsWith(fold(subjectEndsWith)) &&
    advancedFilters.every((filter) => matchesAdvanced(filter, event.value))
  );
}
