// Where the time goes: each work in a life of its own, in which every process records what it does.
import { mkdirSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import type { Options } from '../options.ts';
import { runLater, runSession, sessionsFor } from '../sessions.ts';
import { rolesOf, tideway } from '../systems/tideway.ts';
import { Stage, type Span } from '../works/stage.ts';
import { described, parseProfile, summaryOf } from './summary.ts';

/** Leaves `profiles/<work>/<process>.cpuprofile` in `dir` (Chrome's tools open them) and answers a summary of what each did while the work was measured. */
export async function profile({ works, sizes }: Options, dir: string): Promise<string> {
  const out: string[] = [];
  for (const work of works.filter((name) => name !== 'floor')) {
    const profiles = path.join(dir, 'profiles', work);
    mkdirSync(profiles, { recursive: true });
    for (const session of sessionsFor([work], 1)) {
      const at = path.join(dir, `profiled-${work}`);
      const place = { dir: at, sites: session.sites.map((name) => path.join(at, name)) };
      let measured = { roles: new Map() as ReadonlyMap<number, string>, span: { from: 0, to: 0 } };
      const stage = new Stage({ system: tideway(profiles), place, sizes, seeds: path.join(dir, 'seeds') });
      const tell = (_work: string, outcome: object): void => {
        if (outcome instanceof Error) throw outcome;
        measured = { roles: rolesOf(place), span: stage.span };
      };
      await runSession(session, stage, tell);
      await runLater(session, stage, tell);
      const files = nameByRole(profiles, measured.roles);
      out.push([work, ...files.map((file) => summary(file, measured.span))].join('\n'));
    }
  }
  return out.join('\n\n');
}

/** The processes name their files by pid. Those of commands that were run meanwhile keep that name. */
function nameByRole(profiles: string, roles: ReadonlyMap<number, string>): readonly string[] {
  return readdirSync(profiles).flatMap((name) => {
    const role = roles.get(Number(/^CPU\.\d+\.\d+\.(\d+)\./.exec(name)?.[1]));
    if (role === undefined) return [];
    const file = path.join(profiles, `${role}.cpuprofile`);
    renameSync(path.join(profiles, name), file);
    return [file];
  });
}

function summary(file: string, span: Span): string {
  const found = summaryOf(parseProfile(readFileSync(file, 'utf8')), span);
  return described(path.basename(file, '.cpuprofile'), found);
}
