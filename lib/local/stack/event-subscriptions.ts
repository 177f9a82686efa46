import path from 'node:path';
import { TidewayError } from '../../base/errors.ts';
import { webhookOf } from '../connections.ts';
import { endpointOf } from '../event-grid/destination.ts';
import type { Subscription } from '../event-grid/subscription.ts';
import type { SubscriptionEntry } from './topology.ts';

export interface Destinations {
  /** Of the app, and the key of its webhooks; undefined where none runs. */
  readonly functions: { readonly url: string; readonly key: string } | undefined;
  /** Folder that holds one for each container of dead letters. */
  readonly deadLetters: string;
}

/** As the service takes it, from how the topology file tells it. Errors: `topology_invalid` for a function of no app. */
export function subscriptionOf(entry: SubscriptionEntry, { functions, deadLetters }: Destinations): Subscription {
  const { function: called, endpoint, queue, topic, deadLetterContainer: container, ...rest } = entry;
  const entity = queue ?? topic;
  const address = (): string => {
    if (entity !== undefined) return endpointOf(entity);
    if (endpoint !== undefined) return endpoint;
    if (functions !== undefined) return webhookOf(functions.url, called ?? '', functions.key);
    throw new TidewayError('topology_invalid', `subscription ${rest.name} delivers to a function of no app`, {
      path: rest.name,
      hint: 'Name the app with --app, or an endpoint in the topology file.',
    });
  };
  return {
    ...rest,
    endpoint: address(),
    deadLetterDirectory: container === undefined ? undefined : path.join(deadLetters, container),
  };
}
