// The figures in a document stand between two lines of comment, and are replaced as a whole.
const begin = '<!-- figures: npm run bench -- --into FILE -->';
const end = '<!-- end of figures -->';

/** `text` with `figures` in the place of those that stand in it. Throws where it has no such place. */
export function withFigures(text: string, figures: string): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(`there is no place for figures: write "${begin}" and "${end}", a line each`);
  return `${text.slice(0, from + begin.length)}\n\n${figures}\n${text.slice(to)}`;
}
