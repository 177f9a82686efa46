// Embedded Azure Tables: the Table service's REST protocol over SQLite. A request's way, top to bottom:
//   listener -> planted faults -> body -> address -> grant -> handler -> reply
// Reads see only what is on disk: every write is answered after its commit, and a commit never spans an await.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Clock, systemClock } from '../../base/clock.ts';
import { count } from '../../base/counters.ts';
import { type Log, silent } from '../../base/log.ts';
import type { Fault, Faults } from '../faults.ts';
import type { Account, LocalService } from '../service.ts';
import { authenticator } from './auth.ts';
import { Aborted, readBody } from './body.ts';
import type { Call, Service } from './call.ts';
import { handleEntities } from './entities-handler.ts';
import { errorBody, refusal, TableError } from './errors.ts';
import { checkVersion, headerOf, methodOf, requestId, send } from './exchange.ts';
import { closeServer, listen, refuseBrokenRequests } from './listener.ts';
import { readPolicies } from './policies.ts';
import { jsonReply, metadataOf, type Reply } from './reply.ts';
import { handleService } from './service-handler.ts';
import { signer } from './signature.ts';
import { TableStore } from './store.ts';
import { Sweeper } from './sweep.ts';
import { handlePolicies, handleTable, handleTables } from './tables-handler.ts';
import { readAddress } from './target.ts';
import { handleBatch } from './transaction.ts';
import { type Counters, Writer } from './writer.ts';

export interface TableOptions {
  /** The SQLite file, or `:memory:`. */
  readonly file: string;
  /** 127.0.0.1 unless told otherwise. */
  readonly host?: string | undefined;
  /** 0, the default, takes any free port. */
  readonly port?: number | undefined;
  readonly account: Account;
  readonly clock?: Clock | undefined;
  readonly faults?: Faults | undefined;
  readonly log?: Log | undefined;
}

export interface TableService extends LocalService {
  /** http://HOST:PORT/ACCOUNT, as the clients take it. */
  readonly url: string;
  readonly counters: Readonly<Counters>;
}

/** Opens the state and listens. Errors: those of openDatabase (`state_...`), and of listening (EADDRINUSE, EACCES). */
export async function startTables(options: TableOptions): Promise<TableService> {
  const { account, clock = systemClock, faults, log = silent } = options;
  const store = new TableStore(options.file, clock);
  const counters: Counters = { requests: 0, transactions: 0, entitiesWritten: 0, commits: 0 };
  const writer = new Writer(store, counters);
  const sweeper = new Sweeper(store, writer, log);
  const { grantOf } = authenticator(account, {
    now: () => clock.now(),
    policy: (table, id) => readPolicies(store.table(table).acl).find((policy) => policy.id === id),
  });
  const server = createServer({ maxHeaderSize: 65_536, keepAliveTimeout: 120_000 }, (request, response) => {
    void answer(request, response);
  });
  refuseBrokenRequests(server);
  let listening: { port: number; origin: string };
  try {
    listening = await listen(server, options.host ?? '127.0.0.1', options.port ?? 0);
  } catch (error) {
    store.db.close();
    throw error;
  }
  const url = `${listening.origin}/${account.name}`;
  const service: Service = { url, account: account.name, sign: signer(account.key), store, writer, sweeper, counters };
  sweeper.wake();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = requestId(++counters.requests);
    try {
      const fault = faults?.take(`${request.method} ${request.url}`);
      // Reading starts at once: a sender who leaves during the delay would otherwise go unnoticed.
      const delay = fault?.kind === 'delay' ? clock.sleep(fault.ms) : undefined;
      const [body] = await Promise.all([readBody(request), delay]);
      let reply: Reply | undefined;
      if (fault === undefined || fault.kind === 'delay' || fault.when === 'after')
        reply = await replyTo(request, body, id);
      if (fault?.kind === 'drop') {
        fault.struck?.();
        request.socket.destroy();
      } else if (fault?.kind === 'status') send(request, response, id, planted(fault, id));
      else if (reply !== undefined) send(request, response, id, reply);
    } catch (error) {
      if (error instanceof Aborted) return;
      // The query may hold a signature, which is a credential.
      log.error('request_failed', { id, method: request.method, path: request.url?.split('?')[0], error });
      send(request, response, id, refused(refusal('InternalError'), id));
    }
  }

  async function replyTo(request: IncomingMessage, body: string | TableError, id: string): Promise<Reply> {
    try {
      const address = readAddress(request.url ?? '/', account.name);
      const grant = grantOf(request, address);
      if (body instanceof TableError) throw body;
      checkVersion(request);
      const metadata = metadataOf(request.headers.accept, address.query.get('$format'));
      const header = (name: string): string | undefined => headerOf(request, name);
      return await dispatch({ method: methodOf(request), address, grant, body, metadata, header }, id);
    } catch (error) {
      if (error instanceof TableError) return refused(error, id);
      throw error;
    }
  }

  function dispatch(call: Call, id: string): Promise<Reply> {
    const { target, query } = call.address;
    count(`requests.tables.${call.method} ${target.kind}`);
    switch (target.kind) {
      case 'service':
        return handleService(service, call, clock.now());
      case 'batch':
        return handleBatch(service, call, id, clock.now());
      case 'tables':
        return handleTables(service, call);
      case 'table':
        return handleTable(service, call, target.table);
      case 'entities':
        return query.get('comp') === 'acl'
          ? handlePolicies(service, call, target.table)
          : handleEntities(service, call, target);
      case 'entity':
        return handleEntities(service, call, target);
    }
  }

  function refused(error: TableError, id: string): Reply {
    return jsonReply(error.status, 'minimal', errorBody(error, id, clock.now()), ['x-ms-error-code', error.code]);
  }

  function planted(fault: Extract<Fault, { kind: 'status' }>, id: string): Reply {
    return refused(new TableError(fault.status, fault.code, 'A fault planted by a test.'), id);
  }

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await closeServer(server);
    await sweeper.stop();
    writer.flush();
    store.db.close();
  };
  return { name: 'tables', port: listening.port, url, counters, stop: () => (stopping ??= stop()) };
}
