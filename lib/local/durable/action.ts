// What an orchestrator wants done: the actions of the library's answer, as its JSON has them.
import { z } from 'zod';

const retryOptions = z.object({
  firstRetryIntervalInMilliseconds: z.number(),
  maxNumberOfAttempts: z.number(),
  backoffCoefficient: z.number().nullish(),
  maxRetryIntervalInMilliseconds: z.number().nullish(),
  retryTimeoutInMilliseconds: z.number().nullish(),
});
export type RetryOptions = z.infer<typeof retryOptions>;

const httpRequest = z.object({
  method: z.string(),
  uri: z.string(),
  content: z.string().nullish(),
  headers: z.record(z.string(), z.string()).nullish(),
  tokenSource: z.unknown().optional(),
  asynchronousPatternEnabled: z.boolean().nullish(),
});
export type DurableHttpRequest = z.infer<typeof httpRequest>;

const entity = z.object({ name: z.string(), key: z.string() });
export type EntityRef = z.infer<typeof entity>;

const activity = { functionName: z.string(), input: z.unknown().optional() };
const child = { ...activity, instanceId: z.string().nullish(), version: z.string().nullish() };
const message = { instanceId: z.string(), operation: z.string().nullish(), input: z.unknown().optional() };

const simple = z.discriminatedUnion('actionType', [
  z.object({ actionType: z.literal(0), ...activity }),
  z.object({ actionType: z.literal(1), ...activity, retryOptions }),
  z.object({ actionType: z.literal(2), ...child }),
  z.object({ actionType: z.literal(3), ...child, retryOptions }),
  z.object({ actionType: z.literal(4), input: z.unknown().optional() }),
  z.object({ actionType: z.literal(5), fireAt: z.string(), isCanceled: z.boolean() }),
  z.object({ actionType: z.literal(6), externalEventName: z.string() }),
  z.object({ actionType: z.literal(7), ...message }),
  z.object({ actionType: z.literal(8), httpRequest }),
  z.object({ actionType: z.literal(9), ...message }),
  z.object({ actionType: z.literal(13), lockSet: z.array(entity) }),
  z.object({ actionType: z.literal(14) }),
]);
export type SimpleAction = z.infer<typeof simple>;

/** Any of them (11), or all (12); they may hold one another. */
export interface CompoundAction {
  readonly actionType: 11 | 12;
  readonly compoundActions: readonly Action[];
}
export type Action = SimpleAction | CompoundAction;

const compound: z.ZodType<CompoundAction> = z.object({
  actionType: z.union([z.literal(11), z.literal(12)]),
  compoundActions: z.array(z.lazy(() => action)),
});
/** By hand where a union would do: an orchestrator that fans out sends thousands again with every answer. */
const action: z.ZodType<Action> = z.unknown().transform((value, context): Action => {
  const type = (value as { readonly actionType?: unknown } | null)?.actionType;
  const parsed = (type === 11 || type === 12 ? compound : simple).safeParse(value);
  if (parsed.success) return parsed.data;
  context.addIssue({ code: 'custom', message: `an action that is none: ${z.prettifyError(parsed.error)}` });
  return z.NEVER;
});

/** Errors: a ZodError naming what is wrong. */
export function parseActions(value: unknown): readonly Action[] {
  return z.array(z.array(action)).parse(value).flat();
}

/** How many there are, those within others counted too. */
export function countActions(actions: readonly Action[]): number {
  return actions.reduce((sum, one) => sum + ('compoundActions' in one ? countActions(one.compoundActions) : 1), 0);
}
