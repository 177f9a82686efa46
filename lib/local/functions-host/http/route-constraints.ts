/** Tells whether a route parameter's value may stand. The names are those of ASP.NET's inline constraints. */
export type Constraint = (value: string) => boolean;

const whole = /^[+-]?\d+$/;
const real = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const plain: Readonly<Record<string, Constraint>> = {
  int: (value) => whole.test(value) && Math.abs(Number(value)) <= 2 ** 31,
  long: (value) => whole.test(value) && BigInt.asIntN(64, BigInt(value)) === BigInt(value),
  bool: (value) => /^(true|false)$/i.test(value),
  decimal: (value) => real.test(value),
  double: (value) => real.test(value),
  float: (value) => real.test(value),
  alpha: (value) => /^[a-z]*$/i.test(value),
  guid: (value) => /^\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i.test(value),
  datetime: (value) => !Number.isNaN(Date.parse(value)),
  required: (value) => value !== '',
};

const withNumbers: Readonly<Record<string, (a: number, b: number | undefined) => Constraint>> = {
  length: (a, b) => (value) => value.length >= a && value.length <= (b ?? a),
  minlength: (a) => (value) => value.length >= a,
  maxlength: (a) => (value) => value.length <= a,
  min: (a) => (value) => whole.test(value) && Number(value) >= a,
  max: (a) => (value) => whole.test(value) && Number(value) <= a,
  range: (a, b) => (value) => whole.test(value) && Number(value) >= a && Number(value) <= (b ?? a),
};

/** Errors: an Error where the constraint is unknown, which puts the function in error. */
export function parseConstraint(text: string): Constraint {
  const [, name = '', argument] = /^([a-z]+)(?:\((.*)\))?$/i.exec(text) ?? [];
  const key = name.toLowerCase();
  if (argument === undefined) {
    const constraint = plain[key];
    if (constraint !== undefined) return constraint;
  } else if (key === 'regex') {
    // Braces are doubled in a template, as they would end the parameter.
    const pattern = new RegExp(argument.replace(/\{\{/g, '{').replace(/\}\}/g, '}'), 'i');
    return (value) => pattern.test(value);
  } else {
    const make = withNumbers[key];
    const [a, b] = argument.split(',').map(Number);
    if (make !== undefined && a !== undefined && !Number.isNaN(a)) return make(a, b);
  }
  throw new Error(`The route constraint '${text}' is not known.`);
}
