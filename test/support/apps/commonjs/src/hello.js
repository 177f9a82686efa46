const { app } = require('@azure/functions');

app.get('hello', {
  route: 'hello/{name?}',
  handler: (request) => ({ body: `hello ${request.params.name ?? 'world'}` }),
});
