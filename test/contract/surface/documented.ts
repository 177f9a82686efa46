// docs/emulators.md read back: which calls and options a section names, and which tests it cites for them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

/** The code spans in the first cells of a section's tables, each with the last cell of its row. */
export function documented(section: string): ReadonlyMap<string, string> {
  const text = readFileSync(join(root, 'docs/emulators.md'), 'utf8');
  const start = text.indexOf(`\n## ${section}\n`);
  if (start < 0) throw new Error(`docs/emulators.md has no section '${section}'`);
  const end = text.indexOf('\n## ', start + 1);
  const rows = new Map<string, string>();
  for (const line of text.slice(start, end < 0 ? undefined : end).split('\n')) {
    const cells = line.startsWith('|') ? line.split('|').map((cell) => cell.trim()) : [];
    const [names, proof] = [cells[1] ?? '', cells.at(-2) ?? ''];
    for (const [, name = ''] of names.matchAll(/`([^`]+)`/g)) rows.set(name, proof);
  }
  return rows;
}

/** Titles that the rows cite and that no test under these folders bears, and names without any proof. */
export function unproved(rows: ReadonlyMap<string, string>, folders: readonly string[]): string[] {
  const sources = folders.map(sourcesIn).join('\n');
  return [...rows].flatMap(([name, proof]) => {
    const titles = [...proof.matchAll(/"([^"]+)"/g)].map(([, title = '']) => title);
    if (titles.length === 0) return /^(the client|refused)/.test(proof) ? [] : [`${name}: no proof`];
    return titles.filter((title) => !sources.includes(`'${title}'`)).map((title) => `${name}: ${title}`);
  });
}

function sourcesIn(folder: string): string {
  const files = readdirSync(join(root, 'test', folder), { recursive: true, encoding: 'utf8' });
  const tests = files.filter((file) => file.endsWith('.ts'));
  return tests.map((file) => readFileSync(join(root, 'test', folder, file), 'utf8')).join('\n');
}

/** `Class.method` for what a prototype (or, for a class, the class itself) has, but for what is marked as its own. */
export function methodsOf(name: string, holder: object, own: readonly string[] = []): string[] {
  const builtIn = ['constructor', 'length', 'name', 'prototype'];
  return Object.getOwnPropertyNames(holder)
    .filter((method) => !method.startsWith('_') && !builtIn.includes(method) && !own.includes(method))
    .map((method) => `${name}.${method}`);
}

/** `Type.member` for the members that a declaration file gives to these types. */
export function membersOf(declarations: string, types: readonly string[]): string[] {
  const plain = declarations.replaceAll(/\/\*[^]*?\*\//g, '');
  return types.flatMap((type) => {
    const body = new RegExp(`(?:interface|type) ${type}\\b[^{]*\\{([^]*?)\\n\\}`).exec(plain)?.[1];
    if (body === undefined) throw new Error(`the declarations know no ${type}`);
    return [...body.matchAll(/^ {4}(?:readonly )?(\w+)\??[:(]/gm)].map(([, member = '']) => `${type}.${member}`);
  });
}

/** Names of option types that the signatures of the declarations mention. */
export function optionTypes(declarations: string): string[] {
  const found = [...declarations.matchAll(/\w+\?: (\w+Options)\b/g)].map(([, name = '']) => name);
  return [...new Set(found)].toSorted();
}
