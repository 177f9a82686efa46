import * as df from 'durable-functions';

df.app.activity('nothing', { handler: (n: number) => n });
df.app.orchestration('fan', function* (context) {
  const count = context.df.getInput<number>() ?? 0;
  const tasks = Array.from({ length: count }, (_, n) => context.df.callActivity('nothing', n));
  const results: number[] = yield context.df.Task.all(tasks);
  return results.length;
});
df.app.orchestration('chain', function* (context) {
  return yield context.df.callActivity('nothing', 1);
});
df.app.orchestration('wait', function* (context) {
  return yield context.df.waitForExternalEvent('go');
});
