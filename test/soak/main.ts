// `npm run soak` runs the simulator, `npm run soak -- --e2e [NAME...]` real processes; SEEDS=from..to as each tells.
// `npm run soak -- --kills [NAME...]` kills the embedded services, KILLS=20 times each.
// `npm run soak -- --fuzz files` throws nonsense at a service: files, tables, service-bus, functions-host.
const [kind, ...names] = process.argv.slice(2);

if (kind === undefined) await import('../model/main.ts');
else if (kind === '--e2e') await import('../e2e/main.ts').then(({ soak }) => soak(names));
else if (kind === '--kills') await import('./kills.ts').then(({ soakKills }) => soakKills(names));
else if (kind === '--fuzz') for (const name of names) await import(`./fuzz-${name}.ts`);
else throw new Error(`there is no soak ${kind}`);
