// `node bench/services/functions-host.ts`: what one invocation costs beside the bare HTTP request that it comes with, and how
// long all services of a hub take to be ready. The bare server of the same run is the floor.
import { mkdtempSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silent } from '../../lib/base/log.ts';
import { startFunctionsHost } from '../../lib/local/functions-host/host.ts';
import { startAzure } from '../../lib/local/hub/azure.ts';
import { choosePorts } from '../../lib/local/hub/hub-file.ts';
import { loadSecrets } from '../../lib/local/hub/secrets.ts';

const count = 3_000;
const agent = new Agent({ keepAlive: true });

function get(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    request(url, { agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url}: ${response.statusCode}`));
      response.resume().once('end', resolve);
    })
      .once('error', reject)
      .end();
  });
}

/** Ms of each of `count` requests, `width` at a time. */
async function times(
  url: string,
  width: number,
): Promise<{ readonly p50: number; readonly p95: number; rate: number }> {
  const took: number[] = [];
  const began = performance.now();
  const run = async (): Promise<void> => {
    for (let n = 0; n < count / width; n++) {
      const from = performance.now();
      await get(url);
      took.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: width }, run));
  took.sort((a, b) => a - b);
  const at = (share: number): number => took[Math.floor(took.length * share)] ?? 0;
  return { p50: at(0.5), p95: at(0.95), rate: (took.length / (performance.now() - began)) * 1000 };
}

function say(what: string, ms: number, more = ''): void {
  process.stdout.write(`${what.padEnd(44)} ${ms.toFixed(2).padStart(9)} ms${more}\n`);
}

const bare = createServer((message, response) => {
  message.resume().once('end', () => response.end());
});
await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
const floor = `http://127.0.0.1:${(bare.address() as AddressInfo).port}/`;
const host = await startFunctionsHost({
  app: { dir: import.meta.dirname, entries: ['functions-host-app.ts'] },
  settings: {},
  hostJson: { version: '2.0', logging: { logLevel: { default: 'Warning' } } },
  keys: { master: 'm', function: 'f', system: 's' },
});
const url = `${host.url}/api/nothing`;
for (const width of [1, 20]) {
  await times(url, width); // warm
  const [without, one] = [await times(floor, width), await times(url, width)];
  const rate = `   ${Math.round(one.rate)}/s, bare ${Math.round(without.rate)}/s`;
  say(`an invocation, ${width} at a time: p50`, one.p50, rate);
  say(`  beside the bare request (${without.p50.toFixed(2)} ms)`, one.p50 - without.p50);
  say('  p95', one.p95);
}
await host.stop();
bare.close();
agent.destroy();

const data = mkdtempSync(path.join(tmpdir(), 'bench-services-'));
const ports = await choosePorts('127.0.0.1', undefined);
for (const what of ['all services ready, new data', 'all services ready, the same data']) {
  const began = performance.now();
  const azure = await startAzure({
    data,
    host: '127.0.0.1',
    ports,
    secrets: loadSecrets(data),
    share: 'bench',
    log: () => silent,
    settings: {},
    onWorker: () => {},
  });
  say(what, performance.now() - began);
  await azure.stop();
}
