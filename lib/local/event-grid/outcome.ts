// How an attempt ended, in the words that Event Grid writes into dead letters: those of .NET's HttpStatusCode.

export interface Outcome {
  /** undefined where no answer came. */
  readonly status: number | undefined;
  /** For the log. */
  readonly text: string;
}

const names: ReadonlyMap<number, string> = new Map([
  [400, 'BadRequest'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [408, 'TimedOut'],
  [409, 'Conflict'],
  [410, 'Gone'],
  [413, 'RequestEntityTooLarge'],
  [429, 'TooManyRequests'],
  [500, 'InternalServerError'],
  [501, 'NotImplemented'],
  [502, 'BadGateway'],
  [503, 'ServiceUnavailable'],
  [504, 'GatewayTimeout'],
]);

export function nameOf(status: number | undefined): string {
  return status === undefined ? 'GenericError' : (names.get(status) ?? `Http${status}`);
}

/** The only answers that count as delivered. */
export function isDelivered(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status <= 204;
}
