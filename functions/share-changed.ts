import { app } from '@azure/functions';
import { services } from '../lib/cloud/services.ts';
import { takeEvent } from '../lib/cloud/take-event.ts';

/** Whoever edits the share directly posts the path, and gets it examined at once. */
app.eventGrid('shareChanged', {
  handler: async (event, context) => {
    if (!(await takeEvent(services().cloud, event)))
      context.warn('Tideway.ShareChanged without a path, or of no group: nothing is examined');
  },
});
