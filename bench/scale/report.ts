// Samples and marks as tables: what was taken as a whole, and the curve in a dozen rows.
import type { Line, Mark, Sample } from './sample.ts';
import { digits } from '../report/statistics.ts';

const rows = 14;
const heads = [
  '| phase | s | files at a | files at b | changes in the log | files/s to b | status, ms | agent a, MiB | agent b, MiB | functions, MiB | hub, MiB | databases of agents, MiB | of the hub, MiB | load |',
  `|${' --- |'.repeat(14)}`,
];

export function asTables(lines: readonly Line[]): string {
  const marks = lines.filter((line): line is Mark => line.kind === 'mark');
  const samples = lines.filter((line): line is Sample => line.kind === 'sample');
  const figures = marks.map(({ name, value }) => `| ${name} | ${grouped(value)} |`);
  const picked = thinned(samples);
  const curve = picked.map((sample, index) => row(sample, picked[index - 1]));
  const table = ['| what | figure |', '| --- | --- |', ...figures];
  return (samples.length === 0 ? table : [...table, '', ...heads, ...curve]).join('\n');
}

/** About so many, evenly over time, with the first and the last of each phase. */
function thinned(samples: readonly Sample[]): readonly Sample[] {
  const every = Math.max(1, Math.floor(samples.length / rows));
  return samples.filter((sample, index) => {
    const turns = sample.phase !== samples[index - 1]?.phase || sample.phase !== samples[index + 1]?.phase;
    return turns || index % every === 0;
  });
}

function row(sample: Sample, before: Sample | undefined): string {
  const { at, phase, files, memory, databases, committed, statusMs } = sample;
  const passed = before === undefined ? at : at - before.at;
  const came = (files['b'] ?? 0) - (before?.files['b'] ?? 0);
  const rate = phase === 'first sync' && passed > 0 ? grouped(came / passed) : '';
  const mib = (bytes: number): string => grouped(bytes / 2 ** 20);
  const sumOf = (wanted: (name: string) => boolean): string =>
    mib(Object.entries(databases).reduce((sum, [name, size]) => sum + (wanted(name) ? size : 0), 0));
  const isAgents = (name: string): boolean => name.startsWith('agents/');
  const roles = ['agent-a', 'agent-b', 'functions', 'hub'].map((role) => mib(memory[role] ?? 0));
  const counts = [files['a'] ?? 0, files['b'] ?? 0, committed].map(grouped);
  const sizes = [sumOf(isAgents), sumOf((name) => !isAgents(name))];
  return `| ${[phase, grouped(at), ...counts, rate, grouped(statusMs), ...roles, ...sizes, digits(sample.load)].join(' | ')} |`;
}

function grouped(value: number): string {
  return Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en-US') : digits(value);
}
