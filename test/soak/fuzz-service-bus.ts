// Nonsense for the broker, for MINUTES (5 unless told) from SEED on: node test/soak/fuzz-service-bus.ts
// Each round throws 500 spoilt lives and 200 odd requests at it; then a healthy client must find what it left there.
import { recorded, throwNonsense } from '../local/service-bus/fuzz.ts';
import { askNonsense } from '../local/service-bus/fuzz-management.ts';
import { isUnprepared } from '../local/service-bus/management-client.ts';
import { receive, startBench } from '../local/service-bus/support.ts';

const minutes = Number(process.env['MINUTES'] ?? 5);
let seed = Number(process.env['SEED'] ?? Date.now());
const end = performance.now() + minutes * 60_000;
const bench = await startBench();
const frames = await recorded(bench);
const client = bench.client({ retryOptions: { maxRetries: 0 } });
const sender = client.createSender('graveyard');
const receiver = client.createReceiver('graveyard', { receiveMode: 'receiveAndDelete' });
for (let round = 0; performance.now() < end; round++, seed++) {
  await sender.sendMessages({ body: round });
  await throwNonsense(bench, frames, seed, 500);
  const [message] = await receive(receiver);
  if (message?.body !== round) throw new Error(`seed ${seed}: expected ${round}, got ${String(message?.body)}`);
  const answers = await askNonsense(client, seed, 200);
  const wrong = [...answers.keys()].filter(isUnprepared);
  if (wrong.length > 0) throw new Error(`seed ${seed}: ${wrong.join(', ')}`);
  const memory = Math.round(process.memoryUsage().rss / 1024 / 1024);
  if (round % 10 === 0) process.stdout.write(`round ${round}, seed ${seed}: alive, ${memory} MB\n`);
}
await bench.stop();
process.stdout.write('done\n');
