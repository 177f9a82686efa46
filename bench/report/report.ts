// From results to tables: medians with their spread, ours against the best of the others, and the bulk against its floor.
import type { Result, Results } from '../results.ts';
import { floorRowsOf, rowsOf, type Row } from './rows.ts';
import { digits, spelled, spreadOf, type Spread } from './statistics.ts';

export interface Table {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const ours = 'tideway';

export function tablesOf({ run, results }: Results): readonly Table[] {
  const systems = [...new Set(results.map(({ system }) => system))].filter((name) => name !== 'floor');
  const others = systems.filter((name) => name !== ours);
  const at = (row: Row, system: string): Spread | undefined => spreadOf(valuesOf(results, row, system));
  const isThere = (row: Row, names: readonly string[]): boolean => names.some((name) => at(row, name) !== undefined);
  const ratio = (row: Row): string => {
    const own = at(row, ours);
    const best = Math.min(...others.flatMap((name) => at(row, name)?.median ?? []));
    if (own === undefined || !Number.isFinite(best) || best === 0) return '';
    return digits(own.median / best);
  };
  const compared: Table = {
    title: 'Time',
    header: ['work', ...systems, ...(others.length > 0 ? ['ours / best other'] : [])],
    rows: rowsOf(run)
      .filter((row) => isThere(row, systems))
      .map((row) => [
        `${row.label}, ${row.unit}`,
        ...systems.map((name) => spelled(at(row, name))),
        ...(others.length > 0 ? [ratio(row)] : []),
      ]),
  };
  const requests = at({ work: 'floor', figure: 'requests', label: '', unit: 's' }, 'floor');
  const bulk = at({ work: 'bulk', figure: 'seconds', label: '', unit: 's' }, ours);
  const floor: Table = {
    title: 'Floor',
    header: ['floor', 's'],
    rows: [
      ...floorRowsOf(run)
        .filter((row) => isThere(row, ['floor']))
        .map((row) => [row.label, spelled(at(row, 'floor'))]),
      ...(requests === undefined || bulk === undefined
        ? []
        : [['ours, to one site, times the bare requests', digits(bulk.median / requests.median)]]),
    ],
  };
  return [compared, costs(results, systems), floor].filter(({ rows }) => rows.length > 0);
}

/** CPU seconds and peak memory of all processes of a system together. */
function costs(results: readonly Result[], systems: readonly string[]): Table {
  const measured = results.filter(({ figures }) => figures['cpuSeconds'] !== undefined);
  const names = [...new Set(measured.map(({ work }) => work))];
  const cell = (work: string, system: string): string => {
    const of = (figure: string): Spread | undefined =>
      spreadOf(valuesOf(measured, { work, figure, label: '', unit: '' }, system));
    const [cpu, peak] = [of('cpuSeconds'), of('peakMiB')];
    return cpu === undefined || peak === undefined ? '-' : `${digits(cpu.median)} s, ${digits(peak.median)} MiB`;
  };
  return {
    title: 'CPU and peak memory',
    header: ['work', ...systems],
    rows: names.map((work) => [work, ...systems.map((system) => cell(work, system))]),
  };
}

function valuesOf(results: readonly Result[], { work, figure }: Row, system: string): readonly number[] {
  return results
    .filter((result) => result.work === work && result.system === system)
    .flatMap(({ figures }) => figures[figure] ?? []);
}

/** What has to be known beside the figures, one sentence each. */
export function remarksOf({ run, results }: Results): readonly string[] {
  const { machine, versions, missing } = run;
  const foreign = results.flatMap(({ figures }) => figures['foreignCores'] ?? []);
  const spread = spreadOf(foreign);
  return [
    `${run.at.slice(0, 10)}, ${machine.processors}, ${machine.memoryGiB} GiB, ${machine.kernel}, ${machine.fileSystem}, Node ${machine.node}.`,
    `${Object.values(versions).join('; ')}.`,
    `\`${run.command}\`: ${run.rounds === 1 ? 'one round' : `medians of ${run.rounds} rounds, in brackets the least and the most`}.`,
    ...Object.entries(missing).map(([name, why]) => `Not measured: ${name} (${why}).`),
    ...results
      .filter(({ error }) => error !== undefined)
      .map((each) => `Failed: ${each.work} of ${each.system}, round ${each.round}: ${each.error}`),
    ...results.flatMap(({ work, system, round, figures: { lateSeconds } }) =>
      lateSeconds === undefined
        ? []
        : [`Late: ${work} of ${system}, round ${round}: contents were not whole for ${digits(lateSeconds)} s more.`],
    ),
    ...(spread === undefined
      ? []
      : [`Others kept ${digits(spread.median)} processors busy meanwhile (at most ${digits(spread.most)}).`]),
  ];
}
