// SQLite's text is UTF-8, so a name with a byte that is not UTF-8 (a lone surrogate, see fs/port.ts) would come back
// changed. Such a name is kept as '/' and its JSON form: no name begins with '/'.

export function packName(name: string): string {
  return name.isWellFormed() && !name.includes('\0') ? name : `/${JSON.stringify(name)}`;
}

export function unpackName(text: string): string {
  return text.startsWith('/') ? (JSON.parse(text.slice(1)) as string) : text;
}
