import { app } from '@azure/functions';
import { services } from '../lib/cloud/services.ts';
import { tick } from '../lib/cloud/tick.ts';

/** All short periodic work in one timer: each function of a Flex app lives, and is billed, alone. */
app.timer('tick', {
  schedule: '%TIDEWAY_TICK%',
  handler: async () => {
    await tick(services().cloud);
  },
});
