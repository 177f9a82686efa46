import { app } from '@azure/functions';
import { z } from 'zod';
import { fanOut } from '../lib/cloud/fan-out.ts';
import { services } from '../lib/cloud/services.ts';

const committed = z.object({ data: z.object({ group: z.string() }) });

/** After a commit: one hint to each server of the group. */
app.eventGrid('fanOut', {
  handler: async (event) => {
    const parsed = committed.safeParse(event);
    if (parsed.success) await fanOut(services().cloud, parsed.data.data.group);
  },
});
