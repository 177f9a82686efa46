import type { DecodedMessage } from './amqp/rhea.ts';
import { Parser } from './sql-parser.ts';
import { truthOf } from './sql-values.ts';

/** Whether a message fits; "unknown" is no. `newId` makes the values of newid(). Throws an argument error that names the place. */
export function compileSql(expression: string, newId: () => string): (message: DecodedMessage) => boolean {
  const condition = new Parser(expression, newId).condition();
  return (message) => truthOf(condition(message)) === true;
}
