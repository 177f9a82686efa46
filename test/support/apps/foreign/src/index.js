// An app that knows nothing of Tideway: CommonJS, one file, the long forms of registration.
const { app, output } = require('@azure/functions');
const ledger = require('./ledger');
require('./packing');

const queue = output.serviceBusQueue({ queueName: '%OrderQueue%', connection: 'Orders' });

app.http('order', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'orders/{id:int}',
  extraOutputs: [queue],
  handler: async (request, context) => {
    const body = await request.json();
    context.log(`order ${request.params.id}`);
    context.extraOutputs.set(queue, { id: request.params.id, ...body });
    return { status: 202, jsonBody: { id: request.params.id, topic: process.env.TopicUrl } };
  },
});

app.serviceBusQueue('bill', {
  queueName: '%OrderQueue%',
  connection: 'Orders',
  handler: async (message, context) => {
    if (message.failing && context.triggerMetadata.deliveryCount < 2) throw new Error('no paper in the printer');
    await ledger.write(message.id, 'billed');
  },
});

app.eventGrid('shipped', {
  handler: async (event) => {
    await ledger.write(event.subject, 'shipped');
  },
});

app.http('secret', { authLevel: 'function', handler: async () => ({ body: 'told' }) });
