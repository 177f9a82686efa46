// Figures in a document stand between two lines of comment, and are replaced as a whole.
const places = {
  figures: 'npm run bench -- --into FILE',
  scale: 'npm run bench:scale -- --into FILE',
} as const;

/** `text` with `figures` in the place of those that stand in it. Throws where it has no such place. */
export function withFigures(text: string, figures: string, place: keyof typeof places = 'figures'): string {
  const [begin, end] = [`<!-- ${place}: ${places[place]} -->`, `<!-- end of ${place} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(`there is no place for figures: write "${begin}" and "${end}", a line each`);
  return `${text.slice(0, from + begin.length)}\n\n${figures}\n${text.slice(to)}`;
}
