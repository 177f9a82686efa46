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

const topic = output.eventGrid({ topicEndpointUri: 'TopicUrl', topicKeySetting: 'TopicKey' });

app.http('ship', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'shipments/{id}',
  extraOutputs: [topic],
  handler: async (request, context) => {
    const { id } = request.params;
    const fields = { id: `shipment-${id}`, subject: id };
    const classic = { eventType: 'Shop.Shipped', eventTime: new Date().toISOString(), dataVersion: '1', data: {} };
    const cloud = { specversion: '1.0', type: 'Shop.Shipped', source: '/shop', subject: `${id}-again` };
    const events = [
      { ...fields, ...classic },
      { ...fields, ...cloud },
    ];
    context.extraOutputs.set(topic, id === 'bad' ? { id } : events);
    return { status: 202 };
  },
});

app.http('secret', { authLevel: 'function', handler: async () => ({ body: 'told' }) });
