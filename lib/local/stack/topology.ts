// What --topology names: queues, topics, shares, tables and event subscriptions, in the format of infra/topology.json.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { TidewayError, messageOf } from '../../base/errors.ts';
import { operators } from '../event-grid/advanced-filter.ts';
import { type Topology, expandTopology } from '../service-bus/topology.ts';

const text = z.string().min(1);
const schemas = ['EventGridSchema', 'CloudEventSchemaV1_0'] as const;

/** Strict: a filter that is misspelt would let everything through. */
const subscription = z
  .strictObject({
    name: text,
    /** A function of the app, any address, or a queue or topic of the same file: one of them. */
    function: text.optional(),
    endpoint: z.url({ protocol: /^https?$/ }).optional(),
    queue: text.optional(),
    topic: text.optional(),
    includedEventTypes: z.array(text).optional(),
    subjectBeginsWith: text.optional(),
    subjectEndsWith: text.optional(),
    isSubjectCaseSensitive: z.boolean().optional(),
    advancedFilters: z
      .array(
        z.strictObject({
          operatorType: z.enum(operators),
          key: text,
          value: z.unknown().optional(),
          values: z.array(z.unknown()).optional(),
        }),
      )
      .optional(),
    deliverySchema: z.enum(schemas).optional(),
    enableAdvancedFilteringOnArrays: z.boolean().optional(),
    maxDeliveryAttempts: z.int().optional(),
    eventTimeToLiveInMinutes: z.int().optional(),
    maxEventsPerBatch: z.int().optional(),
    preferredBatchSizeInKilobytes: z.int().optional(),
    deliveryAttributeMappings: z
      .array(
        z.strictObject({
          name: text,
          type: z.enum(['Static', 'Dynamic']),
          properties: z.object({ value: z.string().optional(), sourceField: text.optional() }),
        }),
      )
      .optional(),
    /** A folder below the data directory stands for the blob container. */
    deadLetterContainer: z
      .string()
      .regex(/^[a-z0-9-]{3,63}$/)
      .optional(),
  })
  .refine(
    ({ function: called, endpoint, queue, topic }) => [called, endpoint, queue, topic].filter(Boolean).length === 1,
    {
      message: 'needs one of function, endpoint, queue and topic',
    },
  );

const file = z.object({
  serviceBus: z.unknown().optional(),
  tables: z.array(text).optional(),
  shares: z.array(text).optional(),
  eventGrid: z
    .object({ topic: text, inputSchema: z.enum(schemas).optional(), subscriptions: z.array(subscription).optional() })
    .optional(),
});

export type SubscriptionEntry = z.infer<typeof subscription>;

export interface StackTopology {
  readonly serviceBus: Topology;
  readonly tables: readonly string[];
  readonly shares: readonly string[];
  readonly topic: { readonly name: string; readonly inputSchema?: (typeof schemas)[number] | undefined };
  readonly subscriptions: readonly SubscriptionEntry[];
}

export const emptyTopology: StackTopology = {
  serviceBus: { queues: [], topics: [] },
  tables: [],
  shares: [],
  topic: { name: 'local' },
  subscriptions: [],
};

/** Errors: `topology_invalid`, naming the place; the system's when the file cannot be read. */
export function readTopology(path: string): StackTopology {
  const source = readFileSync(path, 'utf8');
  try {
    const { serviceBus, tables, shares, eventGrid } = file.parse(JSON.parse(source));
    const subscriptions = eventGrid?.subscriptions ?? [];
    const bus = serviceBus === undefined ? emptyTopology.serviceBus : expandTopology(serviceBus);
    const entities = new Set([...bus.queues, ...bus.topics].map((entity) => entity.name.toLowerCase()));
    for (const { name, queue, topic } of subscriptions)
      for (const entity of [queue, topic])
        if (entity !== undefined && !entities.has(entity.toLowerCase()))
          throw new Error(`event subscription ${name} goes to ${entity}, which is not there`);
    return {
      ...emptyTopology,
      serviceBus: bus,
      tables: tables ?? [],
      shares: shares ?? [],
      topic:
        eventGrid === undefined ? emptyTopology.topic : { name: eventGrid.topic, inputSchema: eventGrid.inputSchema },
      subscriptions,
    };
  } catch (error) {
    if (error instanceof TidewayError) throw error;
    throw new TidewayError('topology_invalid', `${path}: ${reasonOf(error)}`, {
      path,
      hint: 'Correct the topology file; docs/emulators.md describes it.',
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof z.ZodError)) return messageOf(error);
  return error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ');
}
