// The way of one HTTP request, top to bottom: admin, webhooks of extensions, then the app's own routes.
import type { JobHost } from '../job-host.ts';
import { toAnswer, toHttpData } from './convert.ts';
import { type HostKeys, keyKind, mayCall } from './keys.ts';
import type { HttpAnswer, HttpRequest } from './message.ts';
import { matchRoute } from './routes.ts';

export interface DispatcherOptions {
  readonly keys: HostKeys;
  /** Resolves once the app is at work; requests that come before wait. */
  readonly ready: () => Promise<unknown>;
  readonly isRunning: () => boolean;
  readonly job: () => JobHost;
  readonly admin: (request: HttpRequest) => Promise<HttpAnswer>;
}

const webhooks = '/runtime/webhooks/';

export async function dispatch(request: HttpRequest, options: DispatcherOptions): Promise<HttpAnswer> {
  const path = request.path.toLowerCase();
  if (path.startsWith('/admin/')) return options.admin(request);
  await options.ready();
  if (!options.isRunning()) return { status: 503, body: 'Function host is not running.' };
  if (path.startsWith(webhooks)) return toWebhook(request, options);
  return toFunction(request, options);
}

async function toWebhook(request: HttpRequest, options: DispatcherOptions): Promise<HttpAnswer> {
  const name = request.path.slice(webhooks.length).split('/')[0]?.toLowerCase();
  const extension = options.job().table.extensions.find((candidate) => candidate.name === name);
  if (extension?.webhook === undefined) return { status: 404 };
  if (extension.keyless?.(request) !== true) {
    const kind = keyKind(request, options.keys);
    if (kind === 'none' || kind === 'unknown') return { status: 401, headers: { 'www-authenticate': 'Bearer' } };
    if (kind !== 'master' && kind !== 'system') return { status: 403 };
  }
  return extension.webhook(request);
}

async function toFunction(request: HttpRequest, options: DispatcherOptions): Promise<HttpAnswer> {
  const job = options.job();
  const match = matchRoute(job.table.routes, request.method, request.path);
  if (match === undefined) return { status: 404 };
  const { definition, params } = match;
  if (!mayCall(definition.trigger['authLevel'], keyKind(request, options.keys, definition.name)))
    return { status: 401 };
  const leave = await job.admission.enter();
  if (leave === undefined) return { status: 429, headers: { 'x-function-scaleout': '1' } };
  try {
    const response = await job.invoker.invoke(definition, {
      input: toHttpData(request, params),
      // The library takes route parameters and query from the request and ignores metadata here.
      metadata: {},
      reason: 'This function was programmatically called via the host APIs.',
    });
    return toAnswer(response.returnValue);
  } catch {
    // The invoker has logged it; the client of Microsoft's host learns no more than this.
    return { status: 500 };
  } finally {
    leave();
  }
}
