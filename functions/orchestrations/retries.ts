import * as df from 'durable-functions';

/** A crash of the worker fails an activity for good: each is tried again, over some ten minutes. */
export function activityRetries(): df.RetryOptions {
  const options = new df.RetryOptions(5_000, 8);
  options.backoffCoefficient = 2;
  return options;
}
