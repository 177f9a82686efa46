import type { Results } from '../results.ts';
import { remarksOf, tablesOf, type Table } from './report.ts';

export function asText(results: Results): string {
  return [...remarksOf(results), ...tablesOf(results).map(textTable)].join('\n');
}

function textTable({ title, header, rows }: Table): string {
  const lines = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  const text = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `\n${title}\n${text.join('\n')}`;
}

export function asMarkdown(results: Results): string {
  const remarks = remarksOf(results).map((line) => `- ${line}`);
  return `${[remarks.join('\n'), ...tablesOf(results).map(markdownTable)].join('\n\n')}\n`;
}

function markdownTable({ title, header, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [`### ${title}`, '', line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}
