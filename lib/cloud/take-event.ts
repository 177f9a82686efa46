// Events of the topic, however they came: by Event Grid's call, or through the queue where that cannot reach the app.
import { z } from 'zod';
import { fanOut } from './fan-out.ts';
import type { Cloud } from './group.ts';
import { shareChanged } from './share-changed.ts';

const committed = z.object({ kind: z.literal('Tideway.ChangesCommitted'), data: z.object({ group: z.string() }) });

const changed = z.object({
  kind: z.literal('Tideway.ShareChanged'),
  data: z.object({ path: z.string().max(2048), group: z.string().optional(), share: z.string().optional() }),
});

/** CloudEvents call it `type`, the Event Grid schema `eventType`. */
const known = z
  .object({ type: z.string().optional(), eventType: z.string().optional(), data: z.unknown() })
  .transform(({ type, eventType, data }) => ({ kind: type ?? eventType, data }))
  .pipe(z.discriminatedUnion('kind', [committed, changed]));

/** False when it says nothing that could be acted on: it is no event of ours, or of no group. */
export async function takeEvent(cloud: Cloud, event: unknown): Promise<boolean> {
  const parsed = known.safeParse(event);
  if (!parsed.success) return false;
  if (parsed.data.kind === 'Tideway.ShareChanged') return shareChanged(cloud, parsed.data.data);
  await fanOut(cloud, parsed.data.data.group);
  return true;
}
