// The advanced filters of an event subscription: one key of the event against values. Operators that end in Not... or
// NotIn hold where the key is absent; all others need it. Texts are compared without regard to case.

export interface AdvancedFilter {
  readonly operatorType: Operator;
  /** A field of the event, or one inside its data: `data.group`. */
  readonly key: string;
  readonly value?: unknown;
  readonly values?: readonly unknown[] | undefined;
}

type Test = (actual: unknown, wanted: unknown) => boolean;

const textTest =
  (test: (actual: string, wanted: string) => boolean): Test =>
  (actual, wanted) =>
    typeof actual === 'string' && typeof wanted === 'string' && test(actual.toLowerCase(), wanted.toLowerCase());

const numberTest =
  (test: (actual: number, wanted: number) => boolean): Test =>
  (actual, wanted) =>
    typeof actual === 'number' && typeof wanted === 'number' && test(actual, wanted);

const inRange: Test = (actual, wanted) =>
  typeof actual === 'number' && Array.isArray(wanted) && actual >= Number(wanted[0]) && actual <= Number(wanted[1]);

/** Hold when one of the values fits. */
const some = {
  StringIn: textTest((actual, wanted) => actual === wanted),
  StringBeginsWith: textTest((actual, wanted) => actual.startsWith(wanted)),
  StringEndsWith: textTest((actual, wanted) => actual.endsWith(wanted)),
  StringContains: textTest((actual, wanted) => actual.includes(wanted)),
  NumberIn: numberTest((actual, wanted) => actual === wanted),
  NumberInRange: inRange,
  NumberLessThan: numberTest((actual, wanted) => actual < wanted),
  NumberLessThanOrEquals: numberTest((actual, wanted) => actual <= wanted),
  NumberGreaterThan: numberTest((actual, wanted) => actual > wanted),
  NumberGreaterThanOrEquals: numberTest((actual, wanted) => actual >= wanted),
  BoolEquals: (actual: unknown, wanted: unknown) => typeof actual === 'boolean' && actual === wanted,
} satisfies Record<string, Test>;

/** Hold when none of the values fits. */
const none = {
  StringNotIn: some.StringIn,
  StringNotBeginsWith: some.StringBeginsWith,
  StringNotEndsWith: some.StringEndsWith,
  StringNotContains: some.StringContains,
  NumberNotIn: some.NumberIn,
  NumberNotInRange: inRange,
} satisfies Record<string, Test>;

export type Operator = keyof typeof some | keyof typeof none | 'IsNullOrUndefined' | 'IsNotNull';

export const operators = [
  ...Object.keys(some),
  ...Object.keys(none),
  'IsNullOrUndefined',
  'IsNotNull',
] as readonly Operator[];

/** With `arrays` a value of an array fits where one of its elements does; without, none. */
export function matchesAdvanced(
  filter: AdvancedFilter,
  event: Readonly<Record<string, unknown>>,
  arrays = false,
): boolean {
  const { operatorType } = filter;
  const actual = valueOf(event, filter.key);
  const found = (Array.isArray(actual) && arrays ? actual : [actual]) as readonly unknown[];
  const wanted = filter.values ?? [filter.value];
  const fits = (test: Test): boolean => found.some((one) => wanted.some((value) => test(one, value)));
  if (operatorType === 'IsNullOrUndefined') return actual === undefined || actual === null;
  if (operatorType === 'IsNotNull') return actual !== undefined && actual !== null;
  return operatorType in none
    ? !fits(none[operatorType as keyof typeof none])
    : fits(some[operatorType as keyof typeof some]);
}

/** Keys of the event itself are found whatever their case; below them they are taken as written. */
export function valueOf(event: Readonly<Record<string, unknown>>, key: string): unknown {
  const [first = '', ...rest] = key.split('.');
  const name = Object.keys(event).find((candidate) => candidate.toLowerCase() === first.toLowerCase());
  let value = name === undefined ? undefined : event[name];
  for (const step of rest)
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[step] : undefined;
  return value;
}
