// A row's JSON value in the columns of an entity: a string property holds 32 Ki UTF-16 units, so a longer value goes over
// several.

const columnUnits = 30_000;

export function columns(value: unknown): Record<string, string> {
  const text = JSON.stringify(value);
  const out: Record<string, string> = {};
  for (let part = 0; part * columnUnits < text.length; part++)
    out[`j${part}`] = text.slice(part * columnUnits, (part + 1) * columnUnits);
  return out;
}

/** The JSON value of an entity's columns. */
export function valueOf(entity: Readonly<Record<string, unknown>>): unknown {
  let text = '';
  for (let part = 0; ; part++) {
    const column = entity[`j${part}`];
    if (typeof column !== 'string') break;
    text += column;
  }
  return JSON.parse(text);
}
