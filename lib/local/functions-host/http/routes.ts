// Route templates as ASP.NET writes them: `sites/{site}/files/{*path}`, `{n:int?}`, `{kind=all}`, `report-{year}`.
// Functions are tried in the order of their names, and the first whose template and method fit takes the request:
// Microsoft's host does not prefer a literal segment to a parameter, so an app's routes must not overlap.
import type { FunctionDefinition } from '../function-definition.ts';
import { type Constraint, parseConstraint } from './route-constraints.ts';

interface Parameter {
  readonly name: string;
  readonly constraints: readonly Constraint[];
  readonly otherwise: string | undefined;
}

export interface Route {
  readonly definition: FunctionDefinition;
  readonly methods: ReadonlySet<string>;
  readonly pattern: RegExp;
  readonly parameters: readonly Parameter[];
}

export interface RouteMatch {
  readonly definition: FunctionDefinition;
  readonly params: Readonly<Record<string, string>>;
}

const reserved = /^(admin|runtime)(\/|$)/i;

/** Errors: an Error saying what is wrong with the template. */
export function compileRoute(definition: FunctionDefinition, prefix: string): Route {
  const { route, methods } = definition.trigger;
  const own = typeof route === 'string' ? route : definition.name;
  const template = [prefix, own.replace(/^\/+|\/+$/g, '')].filter((part) => part !== '').join('/');
  if (reserved.test(template)) throw new Error('The specified route conflicts with one or more built in routes.');
  const parameters: Parameter[] = [];
  const segments = template.split('/').map((segment) => compileSegment(segment, parameters));
  const allowed =
    Array.isArray(methods) && methods.length > 0 ? methods.map((m) => String(m).toUpperCase()) : ['GET', 'POST'];
  return { definition, methods: new Set(allowed), pattern: new RegExp(`^${segments.join('')}/?$`, 'i'), parameters };
}

export function matchRoute(routes: readonly Route[], method: string, path: string): RouteMatch | undefined {
  for (const route of routes) {
    if (!route.methods.has(method)) continue;
    const found = route.pattern.exec(path);
    const params = found === null ? undefined : paramsOf(route.parameters, found.slice(1));
    if (params !== undefined) return { definition: route.definition, params };
  }
  return undefined;
}

function paramsOf(
  parameters: readonly Parameter[],
  values: readonly (string | undefined)[],
): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [at, { name, constraints, otherwise }] of parameters.entries()) {
    const raw = values[at];
    const value = raw === undefined || raw === '' ? otherwise : decode(raw);
    if (value === undefined) continue;
    if (!constraints.every((meets) => meets(value))) return undefined;
    params[name] = value;
  }
  return params;
}

/** A slash that the client encoded stays encoded, so that it cannot be taken for a separator. */
function decode(raw: string): string {
  return raw
    .split(/(%2f)/i)
    .map((part) => (/^%2f$/i.test(part) ? part : decodeLoosely(part)))
    .join('');
}

function decodeLoosely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded UTF-8: ASP.NET hands it over as it came.
    return text;
  }
}

/** A segment's part of the pattern, its leading slash included: with an optional parameter that may be absent as well. */
function compileSegment(segment: string, parameters: Parameter[]): string {
  const pieces = splitPieces(segment);
  const only = pieces.length === 1 ? pieces[0] : undefined;
  if (only?.startsWith('{*') === true) {
    parameters.push(parseParameter(only.slice(1, -1).replace(/^\*+/, '')).parameter);
    return '(?:/(.*?))?';
  }
  let optional = false;
  const pattern = pieces.map((piece) => {
    if (!piece.startsWith('{')) return piece.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    const parsed = parseParameter(piece.slice(1, -1));
    parameters.push(parsed.parameter);
    optional = parsed.optional || parsed.parameter.otherwise !== undefined;
    return '([^/]+?)';
  });
  return only !== undefined && optional ? `(?:/${pattern.join('')})?` : `/${pattern.join('')}`;
}

/** Literals and `{...}` apart; braces may nest inside a regular-expression constraint. */
function splitPieces(segment: string): string[] {
  const pieces: string[] = [];
  let depth = 0;
  let piece = '';
  for (const char of segment) {
    if (char === '{' && depth++ === 0 && piece !== '') {
      pieces.push(piece);
      piece = '';
    }
    piece += char;
    if (char === '}' && --depth === 0) {
      pieces.push(piece);
      piece = '';
    }
  }
  if (depth !== 0) throw new Error(`The route segment '${segment}' has unbalanced braces.`);
  return piece === '' ? pieces : [...pieces, piece];
}

function parseParameter(text: string): { parameter: Parameter; optional: boolean } {
  const optional = text.endsWith('?');
  const [, name = '', constraints = '', , otherwise] =
    /^([^:=?]+)((?::[^:=(]+(?:\([^)]*\))?)*)(=(.*?))?\??$/.exec(text) ?? [];
  if (name === '') throw new Error(`The route parameter '{${text}}' has no name.`);
  return {
    optional,
    parameter: {
      name,
      otherwise,
      constraints: (constraints.match(/:[^:(]+(?:\([^)]*\))?/g) ?? []).map((part) =>
        parseConstraint(part.slice(1).replace(/\?$/, '')),
      ),
    },
  };
}
