import type { Invocation } from '../extension.ts';
import type { Counters } from '../invoker.ts';
import { type HostKeys, keyKind } from './keys.ts';
import { type HttpAnswer, type HttpRequest, jsonAnswer } from './message.ts';

export type HostState = 'Starting' | 'Running' | 'Error' | 'Stopping';
export type DrainState = 'Disabled' | 'InProgress' | 'Completed';

export interface FunctionSummary {
  readonly name: string;
  /** Type of the trigger as registered, for example `serviceBusTrigger`. */
  readonly trigger: string;
  readonly disabled: boolean;
  /** Why it does not run, where its bindings are wrong. */
  readonly error: string | undefined;
}

export interface AdminTarget {
  readonly keys: HostKeys;
  readonly id: string;
  state(): HostState;
  errors(): readonly string[];
  uptimeMs(): number;
  functions(): readonly FunctionSummary[];
  counters(): Counters;
  drainState(): DrainState;
  drain(): void;
  /** Starts a function with this input, without waiting for it; false when there is none of that name. */
  start(name: string, invocation: Invocation): boolean;
}

const version = '4.1037.0.0';

/** The host's own API under /admin: all of it with the master key, `ping` without. */
export function admin(request: HttpRequest, target: AdminTarget): HttpAnswer {
  const path = request.path.toLowerCase().replace(/\/+$/, '');
  const line = `${request.method} ${path}`;
  if (path === '/admin/host/ping' && ['GET', 'POST'].includes(request.method)) return { status: 200 };
  if (keyKind(request, target.keys) !== 'master') return { status: 401 };
  if (line === 'GET /admin/host/status') return jsonAnswer(200, status(target));
  if (line === 'POST /admin/host/drain') {
    target.drain();
    return { status: 202 };
  }
  if (line === 'GET /admin/host/drain/status') {
    const { outstanding, outstandingRetries } = target.counters();
    return jsonAnswer(200, {
      state: target.drainState(),
      outstandingInvocations: outstanding,
      outstandingRetries,
    });
  }
  if (line === 'GET /admin/functions') return jsonAnswer(200, target.functions());
  const name = /^\/admin\/functions\/([^/]+)$/.exec(path)?.[1];
  if (name === undefined) return { status: 404 };
  return request.method === 'POST' ? start(name, request, target) : describe(name, target);
}

function status(target: AdminTarget): Record<string, unknown> {
  const errors = target.errors();
  return {
    id: target.id,
    state: target.state(),
    version,
    versionDetails: version,
    processUptime: target.uptimeMs(),
    ...(errors.length > 0 ? { errors } : {}),
  };
}

function describe(name: string, target: AdminTarget): HttpAnswer {
  const found = target.functions().find((candidate) => candidate.name.toLowerCase() === name);
  return found === undefined ? { status: 404 } : jsonAnswer(200, found);
}

function start(name: string, request: HttpRequest, target: AdminTarget): HttpAnswer {
  const input = inputOf(request.body);
  if (input === undefined) return { status: 400 };
  const reason = 'This function was programmatically called via the host APIs.';
  return { status: target.start(name, { input: { string: input }, metadata: {}, reason }) ? 202 : 404 };
}

/** The text under `input` of a JSON body; '' for an empty body, undefined for one that is no JSON. */
function inputOf(body: Buffer): string | undefined {
  if (body.length === 0) return '';
  try {
    const { input } = JSON.parse(body.toString()) as { input?: unknown };
    return typeof input === 'string' ? input : input === undefined ? '' : JSON.stringify(input);
  } catch {
    return undefined;
  }
}
