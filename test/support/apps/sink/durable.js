const df = require('durable-functions');

df.app.activity('echo', { handler: (input) => input });

df.app.entity('counter', (context) => {
  const count = context.df.getState(() => 0) + 1;
  context.df.setState(count);
  context.df.return(count);
});

// Every kind of step: an activity, a timer, a child, a call and a signal.
df.app.orchestration('steps', function* (context) {
  const input = context.df.getInput();
  const first = yield context.df.callActivity('echo', input);
  yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 20));
  const child = yield context.df.callSubOrchestrator('child', first);
  const called = yield context.df.callEntity(new df.EntityId('counter', 'called'), 'add');
  context.df.signalEntity(new df.EntityId('counter', 'signalled'), 'add');
  return { child, called };
});

df.app.orchestration('child', function* (context) {
  return yield context.df.Task.all(
    [1, 2, 3].map((n) => context.df.callActivity('echo', `${context.df.getInput()}.${n}`)),
  );
});
