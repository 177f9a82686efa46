// Preloaded into the processes of a hub: SIGUSR2 breaks every connection that the process has made, in the middle of
// whatever it says, and for a while it gets no new one. So requests get lost, and answers to what was done.
import { Socket } from 'node:net';

const awayMs = 300;
const open = new Set<Socket>();
let awayUntil = 0;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const connect = Reflect.get(Socket.prototype, 'connect') as (this: Socket, ...args: unknown[]) => Socket;

Reflect.set(Socket.prototype, 'connect', function connectUnlessCut(this: Socket, ...args: unknown[]): Socket {
  open.add(this);
  this.once('close', () => open.delete(this));
  const [first] = args;
  const options: unknown = Array.isArray(first) ? first[0] : first;
  // Nobody listens there: the refusal is the kernel's own.
  if (performance.now() < awayUntil && isObject(options)) Object.assign(options, { port: 1 });
  return connect.apply(this, args);
});

process.on('SIGUSR2', () => {
  awayUntil = performance.now() + awayMs;
  const reset = Object.assign(new Error('the connection was cut'), { code: 'ECONNRESET' });
  for (const socket of open) socket.destroy(reset);
});
