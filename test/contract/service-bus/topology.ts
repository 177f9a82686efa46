// The entities that the contract needs, from a file that `tideway local --topology` and namespace.bicep read as well. What
// a queue forwards to stands before it: they are made in this order.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** With the properties of the resource model (Microsoft.ServiceBus/namespaces). */
export interface QueueDescription {
  readonly name: string;
  readonly requiresSession?: boolean;
  readonly forwardTo?: string;
  readonly forwardDeadLetteredMessagesTo?: string;
  readonly status?: string;
}

export interface RuleDescription {
  readonly name: string;
  readonly correlationFilter?: {
    readonly label?: string;
    readonly to?: string;
    readonly correlationId?: string;
    readonly properties?: Readonly<Record<string, string>>;
  };
  readonly sqlFilter?: { readonly sqlExpression: string };
  readonly action?: { readonly sqlExpression: string };
}

export interface SubscriptionDescription extends QueueDescription {
  readonly rules?: readonly RuleDescription[];
}

interface TopicDescription {
  readonly name: string;
  readonly subscriptions: readonly SubscriptionDescription[];
}

interface Topology {
  readonly queues: readonly QueueDescription[];
  readonly topics: readonly TopicDescription[];
}

export const topology = (
  JSON.parse(readFileSync(join(import.meta.dirname, 'topology.json'), 'utf8')) as { readonly serviceBus: Topology }
).serviceBus;
