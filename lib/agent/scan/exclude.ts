// Excluded names are invisible: never sent, never deleted elsewhere, never fetched.

export const defaultExcludes: readonly string[] = ['~$*', '*.laccdb', 'Thumbs.db', 'desktop.ini', 'lost+found'];

export type Excluded = (name: string) => boolean;

/** Patterns match a whole name, without regard to case: `*` stands for any run of characters, `?` for one. */
export function excluder(patterns: readonly string[]): Excluded {
  if (patterns.length === 0) return () => false;
  const any = new RegExp(`^(?:${patterns.map(expression).join('|')})$`, 'is');
  return (name) => any.test(name);
}

function expression(pattern: string): string {
  return Array.from(pattern)
    .map((c) => (c === '*' ? '.*' : c === '?' ? '.' : c.replace(/[\\^$.|+()[\]{}]/, '\\$&')))
    .join('');
}
