// The embedded Service Bus. Reading order: this file, links/attach.ts (who comes in), broker.ts (the way of a message
// in), routing.ts (where to), queue.ts (the way out), settlement.ts (what becomes of it), store.ts (what survives).
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { systemClock } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import { silent } from '../../base/log.ts';
import type { Log } from '../../base/log.ts';
import { systemRandom } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import type { Faults } from '../faults.ts';
import type { Account, LocalService, Secure } from '../service.ts';
import { Alarm } from '../alarm.ts';
import { createContainer } from './amqp/rhea.ts';
import type { ServerConnection } from './amqp/rhea.ts';
import { Bodies } from './bodies.ts';
import { Broker } from './broker.ts';
import type { Counters } from './counters.ts';
import { Connection } from './links/connection.ts';
import { Gate } from './links/gate.ts';
import { listen } from './listener.ts';
import type { Listener } from './listener.ts';
import { pooled } from './random-pool.ts';
import type { AccessKey } from './sas.ts';
import { Store } from './store.ts';
import type { Topology } from './topology.ts';

export interface ServiceBusOptions {
  /** The state: one SQLite file. */
  readonly file: string;
  /** 127.0.0.1 unless told. */
  readonly host?: string | undefined;
  /** A free one unless told. */
  readonly port?: number | undefined;
  readonly topology: Topology;
  readonly keys: readonly AccessKey[];
  /** By TLS too, as clients with an identity ask for. */
  readonly secure?: Secure | undefined;
  /** Whose bearer tokens are taken there; nobody's unless told. */
  readonly issuer?: Account | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  readonly faults?: Faults | undefined;
  readonly log?: Log | undefined;
}

export interface ServiceBusService extends LocalService {
  readonly counters: Readonly<Counters>;
  /** Where it is by TLS; undefined if that was not asked for. */
  readonly securePort: number | undefined;
  /** Fault switches on a queue or subscription. Throws `amqp:not-found`. */
  faultsOf(address: string): QueueFaults;
}

export interface QueueFaults {
  /** Nothing is delivered until it is false again. */
  pause(paused: boolean): void;
  /** Every lock that is held now is lost, sessions included, as after a failover. */
  loseLocks(): void;
  /** The next `times` deliveries come twice; the first lock is lost. */
  duplicate(times: number): void;
}

const bodiesInMemory = 64 * 1024 * 1024;
const largestFrame = 65_536;
// What the cloud announces; a client that is silent for longer is gone.
const idleTimeout = 240_000;

/** Starts the broker; everything that was accepted before is there again. Throws the errors of `openDatabase`. */
export async function startServiceBus(options: ServiceBusOptions): Promise<ServiceBusService> {
  const counters: Counters = { messagesIn: 0, delivered: 0, settled: 0, commits: 0 };
  const store = new Store(options.file, counters);
  try {
    return await start(options, store, counters);
  } catch (error) {
    store.close();
    throw error;
  }
}

async function start(options: ServiceBusOptions, store: Store, counters: Counters): Promise<ServiceBusService> {
  const { clock = systemClock, random = systemRandom, log = silent } = options;
  const connections = new Set<Connection>();
  const tick = (now: number): number =>
    Math.min(broker.tick(now), ...[...connections].map((connection) => connection.tick(now)));
  const alarm = new Alarm(clock, tick);
  const bodies = new Bodies(store, bodiesInMemory);
  const around = { store, bodies, clock, random: pooled(random), log, counters, wake: (at: number) => alarm.at(at) };
  const broker = new Broker(options.topology, around);
  const { keys, issuer, secure } = options;
  const namespace = { broker, around, keys, issuer, gate: new Gate(options.faults, clock) };
  const accept = acceptor((amqp) => {
    const connection = new Connection(amqp, namespace);
    connections.add(connection);
    amqp.socket.once('close', () => connections.delete(connection));
  }, log);
  const plain = await listen(createServer(accept), options.host, options.port);
  const tls = secure === undefined ? undefined : await listenSecure(secure, accept, options).catch(undo(plain));
  alarm.start();
  return {
    name: 'service-bus',
    port: plain.port,
    securePort: tls?.port,
    counters,
    faultsOf: (address) => broker.entities.queue(address),
    async stop() {
      const closed = [plain, ...(tls === undefined ? [] : [tls])].map((each) => each.close());
      for (const connection of connections) connection.close();
      await alarm.stop();
      store.close();
      await Promise.all(closed);
    },
  };
}

function listenSecure(
  { key, cert, port }: Secure,
  accept: (socket: Socket) => void,
  { host, log = silent }: ServiceBusOptions,
): Promise<Listener> {
  const server = createSecureServer({ key, cert }, accept);
  // Who comes without a handshake, or does not trust the certificate, is gone by itself.
  server.on('tlsClientError', (error) => log.debug('handshake_failed', { error }));
  return listen(server, host, port);
}

function undo(listener: Listener): (error: unknown) => Promise<never> {
  return async (error) => {
    await listener.close();
    throw error;
  };
}

/** Speaks AMQP on each socket that comes in; one that speaks nonsense is cut off, alone. */
function acceptor(onConnection: (amqp: ServerConnection) => void, log: Log): (socket: Socket) => void {
  const container = createContainer({ id: 'tideway-service-bus' });
  container.sasl_server_mechanisms.enable_anonymous();
  // What client libraries ask for when they bring tokens: anonymous here, and claims-based security afterwards.
  container.sasl_server_mechanisms['MSSBCBS'] = container.sasl_server_mechanisms['ANONYMOUS'];
  return (socket) => {
    const amqp = container.create_connection({
      max_frame_size: largestFrame,
      idle_time_out: idleTimeout,
      reconnect: false,
      tcp_no_delay: true,
      autoaccept: false,
      autosettle: false,
      credit_window: 0,
      treat_modified_as_released: false,
    });
    for (const event of ['protocol_error', 'error'])
      amqp.on(event, (error: unknown) => {
        log.warn('connection_broken', { error });
        socket.destroy(error instanceof Error ? error : new Error(String(error)));
      });
    socket.on('error', (error) => log.debug('socket_error', { error }));
    socket.on('close', () => amqp._disconnected());
    onConnection(amqp.accept(socket));
    socket.on('data', () => {
      // rhea collects a frame of whatever length it announces, before anybody has shown a token.
      if ((amqp.frame_size ?? 0) > largestFrame) socket.destroy(new Error('the frame is too large'));
    });
  };
}
