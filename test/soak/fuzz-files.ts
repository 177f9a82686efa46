// Nonsense for the file service, for MINUTES (5 unless told) from SEED on: node test/soak/fuzz-files.ts
import { throwNonsense } from '../local/files/fuzz.ts';
import { contentOf, world } from '../local/files/world.ts';

const minutes = Number(process.env['MINUTES'] ?? 5);
let seed = Number(process.env['SEED'] ?? Date.now());
const errors: unknown[] = [];
const log = { error: (...told: unknown[]) => void errors.push(told), warn() {}, info() {}, debug() {} };
const w = await world({ log, retentionDays: 0 });
const kept = w.share.rootDirectoryClient.getFileClient('kept');
const end = performance.now() + minutes * 60_000;
for (let round = 0; performance.now() < end; round++, seed++) {
  const text = `round ${round}`;
  await kept.create(text.length, { content: text, contentLength: text.length });
  const statuses = await throwNonsense(w.service.port, seed, 2000);
  if (errors.length > 0) throw new Error(`seed ${seed}: ${JSON.stringify(errors[0])}`, { cause: errors[0] });
  const found = (await contentOf(w.share, 'kept')).toString();
  if (found !== text) throw new Error(`seed ${seed}: expected ${text}, got ${found}`);
  const memory = Math.round(process.memoryUsage().rss / 1024 / 1024);
  if (round % 10 === 0)
    process.stdout.write(`round ${round}, seed ${seed}: alive, ${memory} MB, ${JSON.stringify([...statuses])}\n`);
}
await w.stop();
process.stdout.write('done\n');
