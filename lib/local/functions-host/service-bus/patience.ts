// Promises of the client that concern a link may stay open for ever when the connection breaks at the wrong moment (a
// close waits for a peer that is gone, a drain for that close). Whatever a listener awaits of it therefore has a bound.

/** How long anything is given to close. */
const closingMs = 1_000;

export class Unanswered extends Error {}

/** The promise's outcome. Errors: Unanswered when there is none after `ms`; the outcome is then nobody's. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Unanswered(`The Service Bus client did not answer within ${ms} ms.`)), ms);
    timer.unref();
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Closes what can be closed, or gives up on it: the broker frees what a vanished link held. */
export async function close(closable: { close(): Promise<void> }): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, closingMs);
  });
  try {
    await Promise.race([closable.close(), patience]);
  } finally {
    clearTimeout(timer);
  }
}
