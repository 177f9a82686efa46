import type { AccessKey } from '../../../lib/local/service-bus/sas.ts';
import { expandTopology } from '../../../lib/local/service-bus/topology.ts';

export const rootKey: AccessKey = { name: 'root', key: 'cm9vdC1rZXktb2YtdGhlLXRlc3Rz' };
export const sendKey: AccessKey = { name: 'send', key: 'c2VuZC1rZXk=', claims: ['Send'] };
export const listenKey: AccessKey = { name: 'listen', key: 'bGlzdGVuLWtleQ==', claims: ['Listen'] };

export const topology = expandTopology({
  queues: [
    { name: 'plain', lockDuration: 'PT30S', maxDeliveryCount: 3 },
    { name: 'short', lockDuration: 'PT5S', maxDeliveryCount: 3 },
    { name: 'sessions', requiresSession: true, lockDuration: 'PT30S' },
    { name: 'short-sessions', requiresSession: true, lockDuration: 'PT5S' },
    { name: 'brief', defaultMessageTimeToLive: 'PT10S' },
    { name: 'mourned', defaultMessageTimeToLive: 'PT10S', deadLetteringOnMessageExpiration: true },
    { name: 'once', requiresDuplicateDetection: true, duplicateDetectionHistoryTimeWindow: 'PT1M' },
    { name: 'entrance', forwardTo: 'corridor' },
    { name: 'corridor', forwardTo: 'plain' },
    { name: 'small', maxSizeInMegabytes: 1, deadLetteringOnMessageExpiration: true },
    { name: 'to-small', forwardTo: 'small' },
    { name: 'no-sending', status: 'SendDisabled' },
    { name: 'no-receiving', status: 'ReceiveDisabled' },
    { name: 'mortal', maxDeliveryCount: 1, forwardDeadLetteredMessagesTo: 'graveyard' },
    { name: 'graveyard' },
    { name: 'to-once', forwardTo: 'once' },
    ...[0, 1, 2, 3, 4].map((n) => ({ name: `hop-${n}`, forwardTo: `hop-${n + 1}` })),
    { name: 'hop-5' },
  ],
  topics: [
    { name: 'sites', defaultMessageTimeToLive: 'PT5M', slots: { prefix: 'site-', count: 5, filter: 'to' } },
    {
      name: 'news',
      subscriptions: [
        { name: 'all' },
        { name: 'by-session', requiresSession: true },
        { name: 'red', rules: [{ name: 'colour', correlationFilter: { properties: { colour: 'red' } } }] },
        { name: 'labelled', rules: [{ name: 'label', correlationFilter: { label: 'a', correlationId: 'c' } }] },
        {
          name: 'painted',
          rules: [
            { name: 'plain', sqlFilter: { sqlExpression: 'size > 10' } },
            { name: 'also', correlationFilter: { properties: { colour: 'red' } } },
            {
              name: 'painter',
              sqlFilter: { sqlExpression: 'EXISTS(size)' },
              action: { sqlExpression: "SET colour = 'was ' + colour; SET size = size * 2; REMOVE weight" },
            },
          ],
        },
        { name: 'large', rules: [{ name: 'size', sqlFilter: { sqlExpression: "size > 10 AND colour <> 'blue'" } }] },
      ],
    },
  ],
});
