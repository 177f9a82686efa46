// What the contract suites of the Functions host run: one function a behaviour, each answering with what it saw.
import {
  type HttpRequest,
  type HttpResponseInit,
  type InvocationContext,
  type Timer,
  app,
  output,
} from '@azure/functions';

const started: string[] = [];
app.hook.appStart(() => {
  started.push('appStart');
});

app.hook.preInvocation((context) => {
  if (context.invocationContext.functionName !== 'hooked') return;
  context.inputs = ['replaced input'];
  context.hookData['seen'] = 'before';
});
app.hook.postInvocation((context) => {
  if (context.invocationContext.functionName !== 'hooked') return;
  context.result = { jsonBody: { before: context.hookData['seen'], result: context.result, started } };
});
app.hook.log((context) => {
  if (context.message === 'change me') context.message = 'changed by a hook';
});

app.http('hooked', { handler: (request) => request as unknown as HttpResponseInit });

app.http('echo', {
  methods: ['GET', 'POST', 'PUT'],
  route: 'echo/{id:int}/{kind?}',
  async handler(request: HttpRequest, context: InvocationContext) {
    context.log('echo was called');
    return {
      status: 201,
      headers: { 'x-method': request.method },
      cookies: [{ name: 'c', value: 'v', path: '/', httpOnly: true, maxAge: 60 }],
      jsonBody: {
        method: request.method,
        url: request.url,
        params: request.params,
        query: Object.fromEntries(request.query),
        header: request.headers.get('x-given'),
        body: await request.text(),
        functionName: context.functionName,
      },
    };
  },
});

app.http('files', { route: 'files/{*path}', handler: (request) => ({ body: request.params['path'] ?? 'none' }) });
app.http('bytes', {
  methods: ['POST'],
  handler: async (request) => ({ body: new Uint8Array(await request.arrayBuffer()).reverse() }),
});
app.http('nothing', { handler: () => undefined as unknown as HttpResponseInit });
app.http('throws', {
  handler: () => {
    throw new Error('this one always fails');
  },
});
app.http('badStatus', { handler: () => ({ status: 99 }) });
app.http('guarded', { authLevel: 'function', handler: () => ({ body: 'in' }) });
app.http('master', { authLevel: 'admin', handler: () => ({ body: 'in' }) });
app.http('logs', {
  handler: (_request, context) => {
    context.warn('a warning of %s', 'mine');
    context.log('change me');
    process.stdout.write('printed\n');
    return {};
  },
});
app.http('settings', { handler: () => ({ jsonBody: { given: process.env['GIVEN'], argv: process.argv.slice(2) } }) });

app.http('exit', {
  handler: (request) => {
    const code = Number(request.query.get('code') ?? '7');
    return process.exit(code);
  },
});
app.http('reject', {
  async handler(request) {
    setTimeout(() => void Promise.reject(new Error('nobody waits for this')), 5);
    await new Promise((resolve) => setTimeout(resolve, Number(request.query.get('ms') ?? '1000')));
    return {};
  },
});
app.http('sleep', {
  async handler(request) {
    await new Promise((resolve) => setTimeout(resolve, Number(request.query.get('ms') ?? '100')));
    return { body: String(process.pid) };
  },
});
app.http('pid', { handler: () => ({ body: String(process.pid) }) });

app.timer('tick', {
  schedule: '%SCHEDULE%',
  handler(timer: Timer, context) {
    context.log(`tick ${JSON.stringify(timer)}`);
  },
});
app.http('off', { handler: () => ({ body: 'in' }) });
app.timer('wrongCron', { schedule: '61 * * * * *', handler: () => {} });
app.timer('unresolved', { schedule: '%NOWHERE%', handler: () => {} });
app.timer('disabled', { schedule: '*/1 * * * * *', handler: (_timer, context) => context.log('disabled ran') });

const seen: unknown[] = [];
app.http('seen', { handler: () => ({ jsonBody: seen }) });
for (const [name, cardinality] of [
  ['eventOne', 'one'],
  ['eventMany', 'many'],
] as const)
  app.eventGrid(name, {
    ...({ cardinality } as object),
    handler(event, context) {
      seen.push({ name, event, metadata: context.triggerMetadata });
      if (JSON.stringify(event).includes('fail-me')) throw new Error('refused');
    },
  });

app.http('retried', {
  handler: () => ({}),
});

let attempts = 0;
app.timer('retrying', {
  schedule: '0 0 0 1 1 *',
  retry: { strategy: 'fixedDelay', delayInterval: 0, maxRetryCount: 2 },
  handler(_timer, context) {
    attempts++;
    context.log(`attempt ${attempts} ${JSON.stringify(context.retryContext)} ${context.invocationId}`);
    if (attempts < 3) throw new Error(`attempt ${attempts} failed`);
  },
});

const unknownOutput = output.generic({ type: 'nosuch' });
app.http('unknownOutput', {
  extraOutputs: [unknownOutput],
  handler: (_request, context) => {
    context.extraOutputs.set(unknownOutput, 'x');
    return {};
  },
});
