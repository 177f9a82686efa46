// Where a subscription delivers to, as one text: an address of HTTP, or an entity of Service Bus.

const scheme = 'servicebus:';

/** The endpoint of a subscription that delivers to a queue or a topic. */
export function endpointOf(entity: string): string {
  return `${scheme}${entity}`;
}

/** The name of the queue or topic; undefined for an address of HTTP. */
export function entityOf(endpoint: string): string | undefined {
  return endpoint.startsWith(scheme) ? endpoint.slice(scheme.length) : undefined;
}
