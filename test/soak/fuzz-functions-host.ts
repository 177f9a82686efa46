// Nonsense for the Functions host, for MINUTES (5 unless told) from SEED on: node test/soak/fuzz-functions-host.ts
import { throwNonsense } from '../local/functions-host/fuzz.ts';
import { Lines, startHost } from '../support/apps/start.ts';

const minutes = Number(process.env['MINUTES'] ?? 5);
let seed = Number(process.env['SEED'] ?? Date.now());
const lines = new Lines();
const host = await startHost({ settings: { GIVEN: 'a setting' }, log: lines.log });
const end = performance.now() + minutes * 60_000;
for (let round = 0; performance.now() < end; round++, seed++) {
  const statuses = await throwNonsense(host, seed, 1000);
  const { status } = await fetch(`${host.url}/api/echo/5/abc`);
  if (status !== 201) throw new Error(`seed ${seed}: a sound request got ${status}`);
  const ended = lines.all.find(({ message }) => /exited with code/.test(message));
  if (ended !== undefined) throw new Error(`seed ${seed}: ${ended.message}`);
  lines.all.length = 0;
  const memory = Math.round(process.memoryUsage().rss / 1024 / 1024);
  if (round % 10 === 0)
    process.stdout.write(`round ${round}, seed ${seed}: alive, ${memory} MB, ${JSON.stringify([...statuses])}\n`);
}
await host.stop();
process.stdout.write('done\n');
