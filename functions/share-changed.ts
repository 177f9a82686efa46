import { app } from '@azure/functions';
import { z } from 'zod';
import { services } from '../lib/cloud/services.ts';
import { shareChanged } from '../lib/cloud/share-changed.ts';

const changed = z.object({
  data: z.object({ path: z.string().max(2048), group: z.string().optional(), share: z.string().optional() }),
});

/** Whoever edits the share directly posts the path, and gets it examined at once. */
app.eventGrid('shareChanged', {
  handler: async (event, context) => {
    const parsed = changed.safeParse(event);
    if (!parsed.success || !(await shareChanged(services().cloud, parsed.data.data)))
      context.warn('Tideway.ShareChanged without a path, or of no group: nothing is examined');
  },
});
