// What the action of a rule does to the copy of a message that the rule selects.
import { badArgument } from './amqp/error.ts';
import type { DecodedMessage } from './amqp/rhea.ts';
import type { Edits } from './modification.ts';
import { Parser } from './sql-parser.ts';
import type { Property } from './sql-parser.ts';
import { withSystemProperty } from './system-property.ts';

/** "Service Bus quotas": expressions of one action. */
const mostStatements = 32;

/** The edits to make; each statement sees what those before it did. Throws an argument error that names the place. */
export function compileAction(text: string, newId: () => string): (message: DecodedMessage) => Edits {
  const statements = new Parser(text, newId).statements();
  if (statements.length > mostStatements) throw badArgument(`An action has at most ${mostStatements} expressions.`);
  return (message) => {
    const edits = { application: new Map<string, unknown>(), system: new Map() } satisfies Edits;
    let edited = message;
    for (const statement of statements) {
      const { property } = statement;
      const value = statement.kind === 'set' ? (statement.value(edited) ?? null) : undefined;
      if (property.scope === 'user') edits.application.set(property.name, value);
      else edits.system.set(property.name, value === undefined || value === null ? undefined : String(value));
      edited = changed(edited, property, value);
    }
    return edits;
  };
}

function changed(message: DecodedMessage, property: Property, value: unknown): DecodedMessage {
  if (property.scope === 'sys') return withSystemProperty(message, property.name, value ?? undefined);
  const properties = new Map(Object.entries(message.application_properties ?? {})).set(property.name, value);
  return { ...message, application_properties: Object.fromEntries(properties) };
}
