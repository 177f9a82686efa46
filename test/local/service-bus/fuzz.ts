// Nonsense for the broker, from a seed: what a real client sent, recorded and then spoilt, frame by frame and byte by byte;
// and management requests of any shape from one who may make them.
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { randomInt, seededRandom } from '../../../lib/base/random.ts';
import type { Random } from '../../../lib/base/random.ts';
import type { Bench } from './support.ts';
import { connectionString, one } from './support.ts';

/** What one client wrote in a life that touches most of the protocol: protocol headers and frames, in order. */
export async function recorded(bench: Bench): Promise<readonly Buffer[]> {
  const chunks: Buffer[] = [];
  const server = createServer((socket) => {
    const upstream = connect(bench.service.port, '127.0.0.1');
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.pipe(upstream).pipe(socket);
    for (const end of [socket, upstream]) end.on('error', () => end.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = bench.clientOf(connectionString((server.address() as AddressInfo).port));
  const sender = client.createSender('plain');
  await sender.sendMessages([{ body: 'a', applicationProperties: { n: 1, at: new Date(0) } }, { body: 'b' }]);
  await sender.sendMessages({ body: 'c'.repeat(3000), messageId: 'm', subject: 's' });
  const [number] = await sender.scheduleMessages({ body: 'd' }, new Date(Date.now() + 3_600_000));
  await sender.cancelScheduledMessages(number!);
  const receiver = client.createReceiver('plain');
  await receiver.peekMessages(2);
  await receiver.abandonMessage(await one(receiver), { again: true });
  const message = await one(receiver);
  await receiver.renewMessageLock(message);
  await receiver.deferMessage(message);
  await receiver.completeMessage((await receiver.receiveDeferredMessages(message.sequenceNumber!))[0]!);
  await receiver.deadLetterMessage(await one(receiver));
  const session = await client.acceptSession('sessions', 'a');
  await session.setSessionState('s');
  const rules = client.createRuleManager('news', 'red');
  await rules.createRule('fuzz', { sqlExpression: 'a = 1' }, { sqlExpression: 'SET b = 2' });
  await rules.deleteRule('fuzz');
  await client.close();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return framesOf(Buffer.concat(chunks));
}

function framesOf(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const isHeader = bytes.toString('latin1', at, at + 4) === 'AMQP';
    const end = at + (isHeader ? 8 : bytes.readUInt32BE(at));
    frames.push(bytes.subarray(at, end));
    at = end;
  }
  return frames;
}

/** One or a few of: bytes changed, a length that lies, frames cut, left out, doubled, swapped, noise between them. */
function spoilt(frames: readonly Buffer[], random: Random): Buffer {
  const below = (bound: number): number => randomInt(random, bound);
  const result = frames.map((frame) => Buffer.from(frame));
  const times = 1 + below(3);
  for (let i = 0; i < times; i++) {
    // Not the protocol headers and the hello, most of the time: what is behind them is more than what they are.
    const at = below(8) === 0 ? below(result.length) : Math.min(4 + below(result.length), result.length - 1);
    const frame = result[at];
    if (frame === undefined || frame.length < 4) continue;
    switch (below(8)) {
      case 0:
        frame.writeUInt32BE(below(3) === 0 ? below(2 ** 32) : below(frame.length * 2), 0);
        break;
      case 1:
        result[at] = frame.subarray(0, below(frame.length));
        break;
      case 2:
        result.splice(at, 1);
        break;
      case 3:
        result.splice(at, 0, frame);
        break;
      case 4:
        result.splice(at, 0, ...result.splice(below(result.length), 1));
        break;
      case 5:
        result.splice(at, 0, Buffer.from(random.bytes(1 + below(200))));
        break;
      default:
        for (let n = 1 + below(4); n > 0; n--) frame.writeUInt8(below(256), below(frame.length));
    }
  }
  return Buffer.concat(result);
}

/** Writes the bytes, in pieces, hears what comes back, and leaves; resolves when the connection is over. */
function replay(port: number, bytes: Buffer, random: Random): Promise<void> {
  const cut = randomInt(random, bytes.length + 1);
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(bytes.subarray(0, cut));
      setImmediate(() => socket.end(bytes.subarray(cut)));
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.resume();
  });
}

/** `count` spoilt lives, a few at a time; all follow from the seed. */
export async function throwNonsense(
  bench: Bench,
  frames: readonly Buffer[],
  seed: number,
  count: number,
): Promise<void> {
  const random = seededRandom(seed);
  const lives = Array.from({ length: count }, () => spoilt(frames, random));
  const work = async (): Promise<void> => {
    for (let life = lives.pop(); life !== undefined; life = lives.pop())
      await replay(bench.service.port, life, seededRandom(seed + lives.length));
  };
  await Promise.all([1, 2, 3, 4].map(work));
}
