const { app } = require('@azure/functions');
const df = require('durable-functions');

df.app.activity('label', { handler: (address) => `to ${address}` });

df.app.entity('stock', (context) => {
  const left = context.df.getState(() => 10) - context.df.getInput();
  context.df.setState(left);
  context.df.return(left);
});

df.app.orchestration('packing', function* (context) {
  const left = yield context.df.callEntity(new df.EntityId('stock', 'boxes'), 'take', 1);
  const address = yield context.df.waitForExternalEvent('address');
  const label = yield context.df.callActivity('label', address);
  return { left, label };
});

app.http('pack', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'packing/{id}',
  extraInputs: [df.input.durableClient()],
  handler: async (request, context) => {
    const client = df.getClient(context);
    const instanceId = await client.startNew('packing', { instanceId: request.params.id });
    return client.createCheckStatusResponse(request, instanceId);
  },
});
