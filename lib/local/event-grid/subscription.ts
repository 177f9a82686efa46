import { type AdvancedFilter, matchesAdvanced } from './advanced-filter.ts';
import type { BatchSize } from './batch.ts';
import type { EventSchema, PublishedEvent } from './event.ts';
import type { RetryPolicy } from './retry-schedule.ts';

/** A header of every delivery: a text of its own, or a field of the event. */
export interface AttributeMapping {
  readonly name: string;
  readonly type: 'Static' | 'Dynamic';
  readonly properties: { readonly value?: string | undefined; readonly sourceField?: string | undefined };
}

export interface Subscription extends RetryPolicy, BatchSize {
  /** Names its deliveries in the state: a renamed subscription starts anew. */
  readonly name: string;
  /** Where events are posted, query and key included; or `servicebus:` and the name of a queue or topic. */
  readonly endpoint: string;
  readonly includedEventTypes?: readonly string[] | undefined;
  /** Without regard to case unless `isSubjectCaseSensitive`. */
  readonly subjectBeginsWith?: string | undefined;
  readonly subjectEndsWith?: string | undefined;
  readonly isSubjectCaseSensitive?: boolean | undefined;
  /** All of them must fit. */
  readonly advancedFilters?: readonly AdvancedFilter[] | undefined;
  /** Whether a filter may look into arrays; else no value of an array fits. */
  readonly enableAdvancedFilteringOnArrays?: boolean | undefined;
  readonly deliveryAttributeMappings?: readonly AttributeMapping[] | undefined;
  /** What was given up is written below it; without one it stays in the service's own state. */
  readonly deadLetterDirectory?: string | undefined;
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
    advancedFilters.every((filter) =>
      matchesAdvanced(filter, event.value, subscription.enableAdvancedFilteringOnArrays),
    )
  );
}
