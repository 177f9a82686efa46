import { app } from '@azure/functions';
import { services } from '../lib/cloud/services.ts';
import { takeEvent } from '../lib/cloud/take-event.ts';

/** Where Event Grid may not call the app, its subscriptions lead into this queue: the same events, one a message. */
app.serviceBusQueue('events', {
  connection: 'SERVICEBUS_CONNECTION_STRING',
  queueName: 'events',
  handler: async (event, context) => {
    if (!(await takeEvent(services().cloud, event))) context.warn('An event that says nothing to us is dropped');
  },
});
