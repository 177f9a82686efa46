// Tells SINK of each message that it takes, and of how often that was delivered.
const { app } = require('@azure/functions');
require('./durable');

app.serviceBusQueue('take', {
  queueName: 'work',
  connection: 'BUS',
  handler: async (message, context) => {
    const { deliveryCount } = context.triggerMetadata;
    const answer = await fetch(process.env.SINK, {
      method: 'POST',
      body: JSON.stringify({ id: message, deliveryCount }),
    });
    if (!answer.ok) throw new Error(`the sink answered ${answer.status}`);
  },
});
