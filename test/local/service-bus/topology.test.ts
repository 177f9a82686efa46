import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseDuration } from '../../../lib/local/service-bus/duration.ts';
import { expandTopology } from '../../../lib/local/service-bus/topology.ts';

test('the topology of the product', () => {
  const file = join(import.meta.dirname, '../../../infra/topology.json');
  const { serviceBus } = JSON.parse(readFileSync(file, 'utf8')) as { serviceBus: unknown };
  const { queues, topics } = expandTopology(serviceBus);
  expect(queues.find(({ name }) => name === 'changes')).toMatchObject({ requiresSession: true, lockDuration: 60_000 });
  const sites = topics.find(({ name }) => name === 'sites')!;
  expect(sites.subscriptions).toHaveLength(100);
  expect(sites.subscriptions[7]).toMatchObject({
    name: 'site-007',
    ttl: 300_000,
    requiresSession: false,
    rules: [{ name: '$Default', filter: { kind: 'correlation', correlation: { to: 'site-007' } } }],
  });
});

test('what is left out has the value that the cloud gives it', () => {
  expect(expandTopology({ queues: [{ name: 'q' }] })).toEqual({
    queues: [
      {
        name: 'q',
        requiresSession: false,
        lockDuration: 60_000,
        maxDeliveryCount: 10,
        ttl: undefined,
        deadLettering: false,
        duplicateWindow: undefined,
        forwardTo: undefined,
        forwardDeadLettersTo: undefined,
        receivable: true,
        maxSize: 1024 * 1024 * 1024,
        sendable: true,
      },
    ],
    topics: [],
  });
  const { topics } = expandTopology({ topics: [{ name: 't', subscriptions: [{ name: 's' }] }] });
  expect(topics[0]!.subscriptions[0]!.rules).toEqual([
    { name: '$Default', filter: { kind: 'sql', expression: '1=1' } },
  ]);
});

test('the shorter time to live of topic and subscription counts', () => {
  const ttl = (topic: string | undefined, subscription: string | undefined): number | undefined =>
    expandTopology({
      topics: [
        {
          name: 't',
          ...(topic === undefined ? {} : { defaultMessageTimeToLive: topic }),
          subscriptions: [
            { name: 's', ...(subscription === undefined ? {} : { defaultMessageTimeToLive: subscription }) },
          ],
        },
      ],
    }).topics[0]!.subscriptions[0]!.ttl;
  expect([ttl('PT1M', 'PT2M'), ttl('PT2M', 'PT1M'), ttl('PT1M', undefined), ttl(undefined, undefined)]).toEqual([
    60_000,
    60_000,
    60_000,
    undefined,
  ]);
});

describe('refused, and told where', () => {
  test.each([
    [[], 'serviceBus must be an object'],
    [{ queue: [] }, 'serviceBus.queue is not known here'],
    [{ queues: {} }, 'serviceBus.queues must be a list'],
    [{ queues: [{}] }, 'serviceBus.queues[0].name must be text'],
    [{ queues: [{ name: '/a/' }] }, "'/a/' is not a valid name"],
    [{ queues: [{ name: 'a', lockDuration: '1m' }] }, "'1m' is not an ISO 8601 duration"],
    [{ queues: [{ name: 'a', lockDuration: 'PT6M' }] }, 'must be at most PT5M'],
    [{ queues: [{ name: 'a', lockDuration: 'PT0S' }] }, 'must be longer than nothing'],
    [{ queues: [{ name: 'a', maxDeliveryCount: 0 }] }, 'must be a whole number from 1 to 2000'],
    [{ queues: [{ name: 'a', requiresSession: 'yes' }] }, 'must be true or false'],
    [{ queues: [{ name: 'a', sessions: true }] }, 'serviceBus.queues[0].sessions is not known here'],
    [{ queues: [{ name: 'a' }, { name: 'A' }] }, "'A' is there twice"],
    [{ queues: [{ name: 'a' }], topics: [{ name: 'a' }] }, "'a' is there twice"],
    [{ queues: [{ name: 'a', forwardTo: 'b' }] }, "'b', which is not in the topology"],
    [
      {
        queues: [
          { name: 'a', forwardTo: 'b' },
          { name: 'b', forwardTo: 'a' },
        ],
      },
      'a -> b -> a',
    ],
    [{ topics: [{ name: 't', slots: { prefix: 'x', filter: 'to' } }] }, 'serviceBus.topics[0].slots.count is missing'],
    [{ topics: [{ name: 't', slots: { prefix: 'x', count: 1, filter: 'all' } }] }, "filter must be 'to'"],
    [
      { topics: [{ name: 't', subscriptions: [{ name: 's', rules: [{ name: 'r' }] }] }] },
      'needs a sqlFilter or a correlationFilter',
    ],
    [
      {
        topics: [
          { name: 't', subscriptions: [{ name: 's', rules: [{ name: 'r', sqlFilter: { sqlExpression: 'a =' } }] }] },
        ],
      },
      'sqlExpression SQL:',
    ],
  ])('%j', (json, text) => {
    expect(() => expandTopology(json)).toThrow(expect.objectContaining({ code: 'topology_invalid' }));
    expect(() => expandTopology(json)).toThrow(text);
  });
});

test.each([
  ['PT1M', 60_000],
  ['PT0.5S', 500],
  ['P14D', 14 * 86_400_000],
  ['P1DT2H3M4S', 93_784_000],
  ['P2W', 14 * 86_400_000],
  ['P10675199DT2H48M5.4775807S', Number.POSITIVE_INFINITY],
  ['P1M', undefined],
  ['P1Y', undefined],
  ['P', undefined],
  ['PT', undefined],
  ['1H', undefined],
  ['PT1H ', undefined],
])('duration %s', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});
