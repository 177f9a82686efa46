import { app } from '@azure/functions';
import { services } from '../lib/cloud/services.ts';
import { takeEvent } from '../lib/cloud/take-event.ts';

/** After a commit: one hint to each server of the group. */
app.eventGrid('fanOut', {
  handler: async (event) => {
    await takeEvent(services().cloud, event);
  },
});
