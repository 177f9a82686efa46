import { app } from '@azure/functions';
import { commit } from '../lib/cloud/commit/commit.ts';
import { services } from '../lib/cloud/services.ts';

/** One message of one group at a time: the session is the group. */
app.serviceBusQueue('commit', {
  connection: 'SERVICEBUS_CONNECTION_STRING',
  queueName: 'changes',
  isSessionsEnabled: true,
  handler: async (message, context) => {
    const { sessionId, deliveryCount } = context.triggerMetadata ?? {};
    const deliveries = typeof deliveryCount === 'number' ? deliveryCount : Number(deliveryCount ?? 1);
    await commit(services().cloud, String(sessionId), message, deliveries);
  },
});
