// The hub's own HTTP server, on loopback: what the command line asks. Every request carries the hub's token.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { TidewayError, codeOf, messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Azure } from './azure.ts';
import type { BackupStatus } from './backup.ts';
import type { Child } from './child.ts';
import { checkSite, type SiteSpec } from './sites.ts';
import { endpointStatus, type EndpointStatus } from './status.ts';
import { waitInSync } from './wait.ts';

export interface ControlOptions {
  readonly group: string;
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly sites: readonly SiteSpec[];
  readonly children: ReadonlyMap<string, Child>;
  readonly azure: Pick<Azure, 'counters'>;
  backup(): Promise<BackupStatus>;
  /** By server, since when the backend has not heard of it. */
  silent(): Promise<ReadonlyMap<string, string>>;
  readonly log: Log;
}

export interface Control {
  /** Resolves when every agent has come to know the log and its own tree; rejects with the signal's reason. */
  ready(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export async function startControl(options: ControlOptions): Promise<Control> {
  const server = createServer((request, response) => {
    void serve(options, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => resolve());
  });
  return {
    ready: async (signal) => {
      for (;;) {
        signal.throwIfAborted();
        const all = await statuses(options);
        if (all.every((each) => each.state !== 'starting' && each.state !== 'offline')) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function statuses(
  options: ControlOptions,
  silent: ReadonlyMap<string, string> = new Map(),
): Promise<EndpointStatus[]> {
  return Promise.all(
    options.sites.flatMap((site) => {
      const child = options.children.get(site.name);
      return child === undefined ? [] : [endpointStatus(site, child, silent.get(site.name))];
    }),
  );
}

async function groups(options: ControlOptions): Promise<unknown> {
  const [silent, backup] = await Promise.all([options.silent(), options.backup()]);
  const endpoints = await statuses(options, silent);
  const committedSeq = Math.max(0, ...endpoints.map((each) => each.cursor));
  return {
    groups: [
      {
        name: options.group,
        committedSeq,
        endpoints,
        backup,
      },
    ],
    counters: options.azure.counters(),
  };
}

/**
 * Still halted after it was resumed: it may hold a root that was replaced meanwhile, or be beyond repair. A new process
 * looks at everything anew, and halts again where the cause is not gone. Without a usable root it could not even start.
 */
async function startAnew(options: ControlOptions, name: string, child: Child): Promise<void> {
  const site = options.sites.find((each) => each.name === name);
  if (site === undefined || (await endpointStatus(site, child)).state !== 'halted') return;
  try {
    checkSite(site);
  } catch (error) {
    options.log.warn('still_halted', { site: name, error });
    return;
  }
  await child.restart();
}

async function serve(options: ControlOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const send = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  try {
    if (request.headers['x-tideway-token'] !== options.token)
      return send(401, { code: 'token_wrong', message: 'the token is wrong' });
    const url = new URL(request.url ?? '/', 'http://hub');
    const route = `${request.method} ${url.pathname}`;
    if (route === 'GET /hub/status') return send(200, await groups(options));
    if (route === 'POST /hub/wait') {
      const gone = new AbortController();
      response.once('close', () => gone.abort());
      const timeoutMs = Number(url.searchParams.get('timeoutMs') ?? '300000');
      const result = await waitInSync(options.children, timeoutMs, gone.signal);
      return send(200, { ...result, ...((await groups(options)) as object) });
    }
    if (route === 'POST /hub/resume' || route === 'POST /hub/pause' || route === 'POST /hub/rescan') {
      const what = url.pathname.slice('/hub/'.length) as 'resume' | 'pause' | 'rescan';
      const site = url.searchParams.get('site');
      const chosen = [...options.children].filter(([name]) => site === null || name === site);
      if (chosen.length === 0)
        throw new TidewayError('site_unknown', `there is no site ${site}`, { hint: 'tideway status lists the sites.' });
      await Promise.all(
        chosen.map(async ([name, child]) => {
          await child.ask({ do: what });
          if (what === 'resume') await startAnew(options, name, child);
        }),
      );
      return send(200, { sites: chosen.map(([name]) => name) });
    }
    send(404, { code: 'route_unknown', message: route });
  } catch (error) {
    options.log.error('request_failed', { url: request.url, error });
    const hint = error instanceof TidewayError ? error.hint : undefined;
    send(500, {
      code: codeOf(error) || 'hub_failed',
      message: messageOf(error),
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
