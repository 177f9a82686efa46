// Nonsense for the Functions host, from a seed: requests that make sense, as they stand on the wire, spoilt anywhere.
import { connect } from 'node:net';
import type { FunctionsHost } from '../../../lib/local/functions-host/host.ts';
import { randomInt, seededRandom, type Random } from '../../../lib/base/random.ts';
import { keys } from '../../support/apps/start.ts';
import { spoiltText } from '../tables/fuzz.ts';

const lanes = 32;
const patienceMs = 300;

const event = `[{"id":"1","eventType":"t","subject":"s","eventTime":"2026-01-01T00:00:00Z","data":{"n":1},"dataVersion":"1"}]`;
const cloudEvent = `{"specversion":"1.0","id":"1","type":"t","source":"/s","data":{"n":1}}`;

type Parts = readonly [method: string, path: string, header: string, body: string];

const hook = `/runtime/webhooks/eventgrid?functionName=eventOne&code=${keys.system}`;
const sound: readonly Parts[] = [
  ['GET', '/api/echo/5/abc?a=1&a=2&b=%C3%BC', 'x-given: yes', ''],
  ['POST', '/api/echo/5/abc', 'content-type: application/json', '{"a":1}'],
  ['POST', '/api/bytes', 'accept: */*', 'x'.repeat(300)],
  ['GET', `/admin/host/status?code=${keys.master}`, 'accept: */*', ''],
  ['POST', '/admin/functions/retrying', `x-functions-key: ${keys.master}`, '{"input":"text"}'],
  ['POST', hook, 'aeg-event-type: Notification', event],
  ['POST', hook, 'content-type: application/cloudevents+json', cloudEvent],
  ['POST', hook, 'aeg-event-type: SubscriptionValidation', event],
  ['OPTIONS', hook, 'webhook-request-origin: h', ''],
];

function wire([method, path, header, body]: Parts): string {
  return `${method} ${path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n${header}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

/** One part of it, or anything on the wire. */
function spoilt(parts: Parts, random: Random): Buffer {
  const which = randomInt(random, 6);
  if (which === 5) {
    const bytes = Buffer.from(spoiltText(wire(parts), random));
    bytes.writeUInt8(randomInt(random, 256), randomInt(random, bytes.length));
    return bytes;
  }
  const [method, path, header, body] = parts.map((part, at) => (at === which ? spoiltText(part, random) : part));
  return Buffer.from(wire([method ?? '', path ?? '', header ?? '', body ?? '']));
}

/** `count` requests; how often each status came, 0 where there was no answer. All follows from the seed. */
export async function throwNonsense(host: FunctionsHost, seed: number, count: number): Promise<Map<number, number>> {
  const random = seededRandom(seed);
  const statuses = new Map<number, number>();
  const all = Array.from({ length: count }, () => spoilt(sound[randomInt(random, sound.length)]!, random));
  const work = async (): Promise<void> => {
    for (let next = all.pop(); next !== undefined; next = all.pop()) {
      const status = await send(host.port, next);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
  return statuses;
}

/** What still waits for the rest of a request after a while is left. */
function send(port: number, bytes: Buffer): Promise<number> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(bytes));
    socket.setTimeout(patienceMs, () => socket.destroy());
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', () => {}); // cut off: an answer, too
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0)));
  });
}
