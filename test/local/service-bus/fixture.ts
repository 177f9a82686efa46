import type { AccessKey } from '../../../lib/local/service-bus/sas.ts';
import { expandTopology } from '../../../lib/local/service-bus/topology.ts';

export const rootKey: AccessKey = { name: 'root', key: 'cm9vdC1rZXktb2YtdGhlLXRlc3Rz' };
export const sendKey: AccessKey = { name: 'send', key: 'c2VuZC1rZXk=', claims: ['Send'] };
export const listenKey: AccessKey = { name: 'listen', key: 'bGlzdGVuLWtleQ==', claims: ['Listen'] };

export const topology = expandTopology({
  queues: [
    { name: 'plain', lockDuration: 'PT30S', maxDeliveryCount: 3 },
    { name: 'short', lockDuration: 'PT0.3S', maxDeliveryCount: 3 },
    { name: 'sessions', requiresSession: true, lockDuration: 'PT30S' },
    { name: 'short-sessions', requiresSession: true, lockDuration: 'PT0.3S' },
    { name: 'brief', defaultMessageTimeToLive: 'PT0.2S' },
    { name: 'mourned', defaultMessageTimeToLive: 'PT0.2S', deadLetteringOnMessageExpiration: true },
    { name: 'once', requiresDuplicateDetection: true, duplicateDetectionHistoryTimeWindow: 'PT0.5S' },
    { name: 'entrance', forwardTo: 'corridor' },
    { name: 'corridor', forwardTo: 'plain' },
  ],
  topics: [
    { name: 'sites', defaultMessageTimeToLive: 'PT5M', slots: { prefix: 'site-', count: 5, filter: 'to' } },
    {
      name: 'news',
      subscriptions: [
        { name: 'all' },
        { name: 'red', rules: [{ name: 'colour', correlationFilter: { properties: { colour: 'red' } } }] },
        { name: 'labelled', rules: [{ name: 'label', correlationFilter: { label: 'a', correlationId: 'c' } }] },
        { name: 'large', rules: [{ name: 'size', sqlFilter: { sqlExpression: "size > 10 AND colour <> 'blue'" } }] },
      ],
    },
  ],
});
