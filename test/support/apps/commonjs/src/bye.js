const { app } = require('@azure/functions');

app.http('bye', { methods: ['DELETE'], handler: () => ({ status: 202 }) });
