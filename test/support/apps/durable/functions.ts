// An app whose orchestrators, activities and entities run what their input says, so that each test shows its own code.
import { runInThisContext } from 'node:vm';
import { type HttpRequest, HttpResponse, app } from '@azure/functions';
import * as df from 'durable-functions';

type Code = (...args: unknown[]) => unknown;
type GeneratorCode = (...args: unknown[]) => Generator<df.Task, unknown, unknown>;

/** Source of a function as `Function.prototype.toString` gives it, made a function again. */
function compile(source: string): Code {
  return runInThisContext(`(${source})`) as Code;
}

interface Scripted {
  readonly code: string;
  readonly arg?: unknown;
}

const scripted: df.OrchestrationHandler = function* (context) {
  const { code, arg } = context.df.getInput<Scripted>() as Scripted;
  const run = compile(code) as GeneratorCode;
  // So that functions may travel within the argument.
  const tools = Object.assign(context.df, { compile });
  return yield* run(tools, revive(arg), context) as Generator<df.Task, unknown, unknown>;
};

df.app.orchestration('js', scripted);
df.app.orchestration('sub', scripted);
// oxlint-disable-next-line require-yield
df.app.orchestration('plain', function* (context) {
  return [context.df.getInput()];
});
// oxlint-disable-next-line require-yield
df.app.orchestration('versioned', function* (context) {
  return context.df.version ?? null;
});

df.app.activity('echo', { handler: (input: unknown) => input });
df.app.activity('say', { handler: (input: unknown) => `hello ${String(input)}` });
df.app.activity('boom', {
  handler: (message: unknown) => {
    throw new Error(String(message));
  },
});
df.app.activity('run', {
  handler: (input: Scripted, context) => compile(input.code)(input.arg, context),
});
df.app.activity('seen', {
  // What the library hands over: the input, and what the host told about it.
  handler: (input: unknown, context) => {
    const bare = context === undefined;
    const metadata = (bare ? (input as typeof context) : context).triggerMetadata;
    return { input: bare ? null : input, type: bare ? 'none' : typeof input, metadata };
  },
});

// Errors that say so are described by the app.
df.app.setExceptionPropertiesProvider({
  getExceptionProperties: (error) =>
    error instanceof Error && 'described' in error ? { described: error.described } : undefined,
});

const attempts = new Map<string, number>();
df.app.activity('flaky', {
  // Fails so many times for each key, then succeeds.
  handler: ({ key, failures }: { key: string; failures: number }) => {
    const n = (attempts.get(key) ?? 0) + 1;
    attempts.set(key, n);
    if (n <= failures) throw new Error(`attempt ${n}`);
    return n;
  },
});

df.app.entity('cnt', (context) => {
  const state = context.df.getState(() => 0) as number;
  const input = context.df.getInput();
  switch (context.df.operationName) {
    case 'add':
      context.df.setState(state + Number(input));
      context.df.return(state + Number(input));
      return;
    case 'get':
      context.df.return(state);
      return;
    case 'set':
      context.df.setState(input);
      return;
    case 'delete':
      context.df.destructOnExit();
      return;
    case 'throw':
      context.df.setState(999);
      throw new Error('x');
    case 'forward':
      context.df.signalEntity(new df.EntityId('cnt', String(input)), 'add', 9);
      return;
    case undefined:
    default:
      context.df.return(`? ${context.df.operationName ?? ''}`);
  }
});
const slow: (context: df.EntityContext<unknown>) => Promise<void> = async (context) => {
  const state = context.df.getState(() => []) as unknown[];
  await new Promise((resolve) => setTimeout(resolve, 20));
  context.df.setState([...state, context.df.getInput()]);
};
// The library awaits what its type says is void.
df.app.entity('acnt', slow as df.EntityHandler<unknown>);

type Method = (...args: unknown[]) => Promise<unknown>;

// Any method of the durable client: the body holds its arguments.
app.http('client', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'client/{method}',
  extraInputs: [df.input.durableClient()],
  handler: async (request: HttpRequest, context) => {
    const client = df.getClient(context) as unknown as Record<string, Method>;
    const args = (await request.json()) as { readonly $date?: string }[];
    const given = args.map((arg) => revive(arg));
    try {
      const member = client[request.params['method'] ?? ''];
      // What it was given is a field of it.
      const value = typeof member === 'function' ? await member.apply(client, given) : member;
      return value instanceof HttpResponse ? value : { jsonBody: { value: value ?? null } };
    } catch (error) {
      return { jsonBody: { error: error instanceof Error ? error.message : String(error) } };
    }
  },
});

/** Dates and entity ids, which JSON has no words for; an `input` is for the orchestrator to revive. */
function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== 'object' || value === null) return value;
  const given = value as Record<string, unknown>;
  if (typeof given['$date'] === 'string') return new Date(given['$date']);
  if (typeof given['$entity'] === 'string') return entity(given['$entity']);
  return Object.fromEntries(
    Object.entries(given).map(([key, inner]) => [key, key === 'input' ? inner : revive(inner)]),
  );
}

/** From `@name@key`. */
function entity(id: string): df.EntityId {
  const at = id.indexOf('@', 1);
  return new df.EntityId(id.slice(1, at), id.slice(at + 1));
}

// As an app of the documentation starts an orchestration and answers where to look for it.
df.app.client.http('start', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'start/{name}',
  handler: async (request, client) => {
    const id = await client.startNew(request.params['name'] ?? '', { input: await request.json() });
    return client.createCheckStatusResponse(request, id);
  },
});
app.http('pid', { authLevel: 'anonymous', handler: () => ({ body: String(process.pid) }) });
