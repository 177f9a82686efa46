// Each embedded service killed KILLS times (20 unless told) under load: `npm run soak -- --kills [NAME...]`
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { killDurable } from '../kills/durable.ts';
import { killEventGrid } from '../kills/event-grid.ts';
import { killFiles } from '../kills/files.ts';
import { killFunctionsHost } from '../kills/functions-host.ts';
import { killServiceBus } from '../kills/service-bus.ts';
import { killTables } from '../kills/tables.ts';

const services = {
  files: killFiles,
  tables: killTables,
  'service-bus': killServiceBus,
  'event-grid': killEventGrid,
  'functions-host': killFunctionsHost,
  durable: killDurable,
} as const;

/** Throws at the first that lost, invented or doubled something. */
export async function soakKills(names: readonly string[]): Promise<void> {
  const kills = Number(process.env['KILLS'] ?? 20);
  for (const [name, kill] of Object.entries(services)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const dir = mkdtempSync(path.join(tmpdir(), 'kills-'));
    const began = performance.now();
    const acknowledged = await kill(dir, kills, 100);
    rmSync(dir, { recursive: true, force: true });
    const seconds = Math.round((performance.now() - began) / 1000);
    process.stdout.write(
      `${name}: ${kills} kills, ${acknowledged} acknowledged, nothing lost or doubled, ${seconds} s\n`,
    );
  }
}
