// How a fault is written down: one JSON object, the same in a test that holds the services and in one that asks a hub.
import { z } from 'zod';
import { TidewayError } from '../../base/errors.ts';

const when = z.enum(['before', 'after']);

const fault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('delay'), ms: z.number().min(0) }),
  z.strictObject({ kind: z.literal('drop'), when }),
  z.strictObject({ kind: z.literal('status'), status: z.int(), code: z.string(), when }),
  z.strictObject({ kind: z.literal('crash'), process: z.string(), when }),
  z.strictObject({ kind: z.literal('duplicate') }),
]);

const pattern = z.string().transform((text, context) => {
  try {
    return new RegExp(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: String(error) });
    return z.NEVER;
  }
});

const services = z.enum(['files', 'tables', 'service-bus', 'event-grid', 'functions']);
export type ServiceName = z.infer<typeof services>;

/** Strikes the exchanges whose line fits (docs/emulators.md lists what the lines of each service look like). */
const planted = z.strictObject({
  on: services,
  line: pattern,
  fault,
  times: z.union([z.int().min(1), z.literal('always').transform(() => Infinity)]).optional(),
  chance: z.number().gt(0).max(1).optional(),
});

/** A queue, or `topic/subscriptions/name`. */
const bus = z.strictObject({
  on: z.literal('service-bus'),
  entity: z.string(),
  do: z.enum(['pause', 'resume', 'lose-locks', 'duplicate']),
  times: z.int().min(1).optional(),
});

const delivery = z.strictObject({
  on: z.literal('event-grid'),
  subscription: z.string(),
  do: z.enum(['pause', 'resume']),
});

/** A file held as by a program on an SMB mount that lets nobody else delete or write. */
const held = z.strictObject({
  on: z.literal('files'),
  share: z.string(),
  path: z.string(),
  do: z.enum(['hold', 'release']),
});

/** As unkind as Azure is on an ordinary day: times of timers and runs of activities, at `scale` of what was seen there. */
const durable = z.strictObject({
  on: z.literal('durable'),
  do: z.literal('unkind'),
  scale: z.number().gt(0).max(1),
});

const killed = z.strictObject({ on: z.literal('process'), process: z.string(), do: z.literal('crash') });

const description = z.union([planted, bus, delivery, held, durable, killed]);
export type FaultDescription = z.infer<typeof description>;

/** One description, or an array of them. Errors: `fault_invalid`. */
export function parseFaults(value: unknown): readonly FaultDescription[] {
  const parsed = z.array(description).safeParse(Array.isArray(value) ? value : [value]);
  if (parsed.success) return parsed.data;
  throw new TidewayError('fault_invalid', z.prettifyError(parsed.error), {
    hint: 'docs/emulators.md shows the forms of a fault.',
    cause: parsed.error,
  });
}
