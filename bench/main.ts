// `npm run bench`: each work, by Tideway and by what a user would take instead, in turn on the same machine. The map:
// options -> seeds -> rounds (floors, then each system through its sessions) -> results -> tables.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { messageOf } from '../lib/base/errors.ts';
import { floors } from './floors/floors.ts';
import { load, machineOf } from './machine.ts';
import { makeFile, makeTree } from './measure/tree.ts';
import { commandOf, parseOptions, usage, type Options, type WorkName } from './options.ts';
import { profile } from './profile/profile.ts';
import { withFigures } from './report/into.ts';
import { asMarkdown, asText } from './report/print.ts';
import { append, read, type Result, type Results, type Run } from './results.ts';
import { runLater, runSession, sessionsFor } from './sessions.ts';
import { systemsFor, type Found } from './systems/systems.ts';
import { runToEnd } from './systems/spawned.ts';
import { Stage } from './works/stage.ts';

/** Progress: the figures alone go to standard output. */
function say(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}

function show(results: Results, { format, into }: Pick<Options, 'format' | 'into'>): void {
  if (into !== undefined) writeFileSync(into, withFigures(readFileSync(into, 'utf8'), asMarkdown(results)));
  if (format === 'json') for (const line of [results.run, ...results.results]) console.log(JSON.stringify(line));
  else console.log(format === 'markdown' ? asMarkdown(results) : asText(results));
}

function makeSeeds(seeds: string, { works, sizes }: Options): void {
  mkdirSync(seeds, { recursive: true });
  makeTree(path.join(seeds, 'tree'), sizes.tree, 'tree');
  const wants = (...names: readonly WorkName[]): boolean => names.some((name) => works.includes(name));
  if (wants('large', 'patch')) makeFile(path.join(seeds, 'large.bin'), sizes.largeBytes, 'large');
  if (wants('idle')) makeTree(path.join(seeds, 'idle'), sizes.idleTree, 'idle');
}

/** Large files alone, which are few: where many are deleted, what is made after it can be many times slower for minutes. */
async function makeRoom(dir: string): Promise<void> {
  await runToEnd('find', [dir, '-type', 'f', '-size', '+8M', '-delete']);
}

async function measure(options: Options, dir: string, { systems, missing, versions }: Found): Promise<string> {
  const seeds = path.join(dir, 'seeds');
  const file = path.join(dir, 'results.jsonl');
  const run: Run = {
    kind: 'run',
    at: new Date().toISOString(),
    command: commandOf(process.argv.slice(2)),
    machine: await machineOf(dir),
    rounds: options.rounds,
    tree: options.sizes.tree,
    idleFiles: options.sizes.idleTree.files,
    largeBytes: options.sizes.largeBytes,
    versions,
    missing,
  };
  append(file, run);
  const tell = (work: WorkName, system: string, round: number, outcome: Result['figures'] | Error): void => {
    const failed = outcome instanceof Error;
    const figures = failed ? {} : outcome;
    const about = { work, system, round, figures, load: load(), at: new Date().toISOString() };
    // It may end up in a document: without where this was run.
    const [error = ''] = failed ? outcome.message.replaceAll(`${dir}/`, '').split('\n') : [];
    append(file, { kind: 'result', ...about, ...(failed ? { error } : {}) });
    const numbers = Object.entries(figures).map(([name, value]) => `${name} ${Number(value.toPrecision(3))}`);
    say(`round ${round}  ${system}  ${work}: ${failed ? `failed: ${outcome.message}` : numbers.join(', ')}`);
  };
  const putOff: (() => Promise<unknown>)[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    const large = options.works.some((work) => work === 'large' || work === 'patch');
    const place = path.join(dir, `round-${round}`);
    if (options.works.includes('floor')) {
      const at = path.join(place, 'floor');
      tell('floor', 'floor', round, await floors(at, seeds, options.sizes, large));
      await makeRoom(at);
    }
    // Forth and back, so that none always has the same neighbour before it.
    for (const system of round % 2 === 1 ? systems : systems.toReversed()) {
      for (const [index, session] of sessionsFor(options.works, round).entries()) {
        const at = path.join(place, `${system.name}-${index}`);
        const sites = session.sites.map((name) => path.join(at, name));
        const stage = new Stage({ system, place: { dir: at, sites }, sizes: options.sizes, seeds });
        const told = (work: WorkName, outcome: Result['figures'] | Error): void =>
          tell(work, system.name, round, outcome);
        const went = await runSession(session, stage, told);
        if ((session.later ?? []).length === 0) await makeRoom(at);
        else if (went) putOff.push(() => runLater(session, stage, told));
      }
    }
  }
  for (const later of putOff) await later();
  return file;
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  if (options.from.length > 0) {
    show(read(options.from), options);
    return 0;
  }
  const found = await systemsFor(options);
  const dir = path.resolve(options.dir ?? mkdtempSync(path.join(tmpdir(), 'tideway-bench-')));
  say(`${Object.values(found.versions).join('; ')}; in ${dir}`);
  for (const [name, why] of Object.entries(found.missing)) say(`${name} is not measured: ${why}`);
  makeSeeds(path.join(dir, 'seeds'), options);
  try {
    if (options.profile) {
      console.log(await profile(options, dir));
      return 0;
    }
    const results = read([await measure(options, dir, found)]);
    show(results, options);
    return results.results.some(({ error }) => error !== undefined) ? 1 : 0;
  } finally {
    if (options.keep || options.profile) say(`left in ${dir}`);
    else rmSync(dir, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`bench: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
