import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { mkdirSync } from 'node:fs';
import { systemClock, type Clock } from '../../base/clock.ts';
import { silent, type Log } from '../../base/log.ts';
import { isNoRoom } from '../../base/no-room.ts';
import { randomHex, systemRandom, type Random } from '../../base/random.ts';
import type { Fault, Faults } from '../faults.ts';
import type { Account, LocalService } from '../service.ts';
import { Authorizer } from './authorize.ts';
import type { Counters } from './counters.ts';
import { FilesError } from './errors.ts';
import type { Reply } from './reply.ts';
import { parseHeaders, parseRequest, type Headers, type Request } from './request.ts';
import { needOf, route } from './routes.ts';
import { certificateOf } from './https.ts';
import { isDisconnect, listen, readBody, refusal, send } from './server.ts';
import { findPolicy } from './share-settings.ts';
import { Signer } from './shared-key.ts';
import { Smb } from './smb.ts';
import { serveSmb } from './smb-over-http.ts';
import { Store } from './store.ts';
import { Sweeper } from './sweeper.ts';

export interface FilesOptions {
  /** Where the state lives; made if it is not there. */
  readonly dir: string;
  readonly host?: string | undefined;
  /** 0 or absent: any free one. */
  readonly port?: number | undefined;
  readonly account: Account;
  /** For clients that insist on https: a port for it (0: any free one); absent: none. */
  readonly httpsPort?: number | undefined;
  /** How long a deleted share can be restored; 7 days unless told, 0 for not at all. */
  readonly retentionDays?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  readonly faults?: Faults | undefined;
  readonly log?: Log | undefined;
}

export interface FileService extends LocalService {
  /** What the official client takes: `http://127.0.0.1:PORT/account`. */
  readonly url: string;
  /** The same by https, with the certificate to trust (PEM); undefined if it was not asked for. */
  readonly secure: { readonly url: string; readonly certificate: string } | undefined;
  /** The same shares as somebody has them who mounts them. */
  readonly smb: Smb;
  readonly counters: Counters;
}

/** Azure Files on this machine. Errors: those of the state file (`state_locked`, ...) and of listening. */
export async function startFiles(options: FilesOptions): Promise<FileService> {
  const { dir, account, host = '127.0.0.1', clock = systemClock, random = systemRandom, log = silent } = options;
  mkdirSync(dir, { recursive: true });
  const store = new Store(dir, clock, log);
  const smb = new Smb(store, clock, random);
  const sweeper = new Sweeper(store, clock);
  const retention = (options.retentionDays ?? 7) * 86_400_000;
  const signer = new Signer(account);
  const authorizer = new Authorizer(account, signer, clock, (share, id) => findPolicy(store, share, id));
  const instance = randomHex(random, 8);
  const surroundings = { store, authorizer, smb, sweeper, retention, clock, random, account: account.name };
  let requests = 0;
  let active = 0;
  let endpoint = '';

  // The way of one request, top to bottom.
  async function serve(http: IncomingMessage, response: ServerResponse): Promise<void> {
    active++;
    const headers = parseHeaders(http);
    const common = commonHeaders(headers, `${instance}-${(++requests).toString(16)}`);
    try {
      const fault = options.faults?.take(faultLine(http, account.name));
      if (fault !== undefined && (await before(fault, clock, response, http, common))) return;
      const reply = await answer(http, headers);
      if (fault !== undefined && (await after(fault, response, http, common))) {
        await discard(reply);
        return;
      }
      store.counters.bytesOut += await send(response, http.method, reply, common);
    } catch (error) {
      if (isDisconnect(error) || response.headersSent) log.debug('request_broken', { url: http.url, error });
      else await refuse(error, http, response, common);
    } finally {
      active--;
    }
  }

  async function answer(http: IncomingMessage, headers: Headers): Promise<Reply> {
    const smbVerb = http.method === 'POST' ? smbPattern.exec(http.url ?? '')?.[2] : undefined;
    if (smbVerb !== undefined) return serveSmb(smb, smbVerb, http, headers, authorizer);
    const request: Request = parseRequest(http, headers, account.name);
    const operation = route(request);
    authorizer.check(request, needOf(request, operation));
    store.counters.count(operation.name);
    const read = readBody(http, request.headers);
    const body = read instanceof Promise ? await read : read;
    store.counters.bytesIn += body.length;
    return operation.run({ ...surroundings, request, body, endpoint });
  }

  async function refuse(
    error: unknown,
    http: IncomingMessage,
    response: ServerResponse,
    common: readonly string[],
  ): Promise<void> {
    const unknown = isNoRoom(error) ? 'ShareSizeLimitReached' : 'InternalError';
    const known = error instanceof FilesError ? error : new FilesError(unknown);
    if (known !== error) log.error('request_failed', { method: http.method, url: http.url, error });
    store.counters.refused(known.code);
    // What is left of a refused body is read and dropped, so that the connection stays usable.
    http.resume();
    await send(response, http.method, refusal(known.status, known.code, known.message), common);
  }

  sweeper.wake();
  const server = await listen(serve, host, options.port ?? 0);
  const port = portOf(server);
  endpoint = `http://${host}:${port}/${account.name}/`;
  const servers = [server];
  let stopping: Promise<void> | undefined;

  async function stop(): Promise<void> {
    const closed = servers.map((each) => new Promise<void>((resolve) => each.close(() => resolve())));
    for (const each of servers) each.closeIdleConnections();
    const deadline = clock.monotonic() + 1000;
    while (active > 0 && clock.monotonic() < deadline) await new Promise(setImmediate);
    for (const each of servers) each.closeAllConnections();
    await Promise.all(closed);
    await sweeper.stop();
    await store.close();
  }

  let secure: FileService['secure'];
  if (options.httpsPort !== undefined) {
    const certificate = certificateOf(dir, random, clock);
    try {
      const tls = await listen(serve, host, options.httpsPort, certificate);
      servers.push(tls);
      secure = { url: `https://${host}:${portOf(tls)}/${account.name}`, certificate: certificate.cert };
    } catch (error) {
      await stop();
      throw error;
    }
  }

  return {
    name: 'files',
    port,
    url: endpoint.slice(0, -1),
    secure,
    smb,
    counters: store.counters,
    stop: () => (stopping ??= stop()),
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const smbPattern = /^(\/[^/]+)?\/\$smb\/([a-zA-Z-]+)$/;

function commonHeaders({ headers }: Headers, requestId: string): string[] {
  const common = ['x-ms-request-id', requestId, 'x-ms-version', headers.get('x-ms-version') ?? '2026-10-06'];
  const clientId = headers.get('x-ms-client-request-id');
  if (clientId !== undefined) common.push('x-ms-client-request-id', clientId);
  return common;
}

/** Method, path below the account, and query, as received: what the rules of `Faults` match. */
function faultLine(http: IncomingMessage, account: string): string {
  const url = http.url ?? '/';
  return `${http.method} ${url.startsWith(`/${account}/`) ? url.slice(account.length + 1) : url}`;
}

/** True when the fault has answered. */
async function before(
  fault: Fault,
  clock: Clock,
  response: ServerResponse,
  http: IncomingMessage,
  common: readonly string[],
): Promise<boolean> {
  if (fault.kind === 'delay') await clock.sleep(fault.ms);
  if (fault.kind === 'delay' || fault.when === 'after') return false;
  http.resume();
  return strike(fault, response, http, common);
}

async function after(
  fault: Fault,
  response: ServerResponse,
  http: IncomingMessage,
  common: readonly string[],
): Promise<boolean> {
  return fault.kind !== 'delay' && strike(fault, response, http, common);
}

/** Starting and ending the stream closes the file behind it. */
async function discard({ stream }: Reply): Promise<void> {
  await stream?.next();
  await stream?.return();
}

async function strike(
  fault: Exclude<Fault, { kind: 'delay' }>,
  response: ServerResponse,
  http: IncomingMessage,
  common: readonly string[],
): Promise<boolean> {
  if (fault.kind === 'drop') {
    fault.struck?.();
    response.destroy();
  } else await send(response, http.method, refusal(fault.status, fault.code, 'Planted by a test.'), common);
  return true;
}
