import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AppSettings } from '../../../lib/local/functions-host/app-settings.ts';
import { publish } from '../../../lib/local/functions-host/event-grid/output.ts';
import { type Endpoint, startEndpoint } from '../../support/apps/endpoint.ts';

let topic: Endpoint;
let settings: AppSettings;

beforeEach(async () => {
  topic = await startEndpoint(({ body }) => ({ status: body.includes('bad') ? 400 : 200, body: 'no event' }));
  settings = new AppSettings({ Topic: topic.url, Key: 'the key' });
});
afterEach(() => topic.stop());

const binding = {
  name: 'out',
  type: 'eventGrid',
  direction: 'out' as const,
  topicEndpointUri: 'Topic',
  topicKeySetting: 'Key',
};
const cloud = { specversion: '1.0', id: 'c' };
const classic = { eventType: 'T', id: 'e' };

describe('the Event Grid output', () => {
  test('sends each event in the schema that it is in', async () => {
    await publish(binding, { json: JSON.stringify([classic, cloud, { ...classic, id: 'f' }]) }, settings);
    expect(topic.received.map(({ headers, body }) => [headers['content-type'], JSON.parse(body)])).toEqual([
      ['application/cloudevents-batch+json; charset=utf-8', [cloud]],
      ['application/json; charset=utf-8', [classic, { ...classic, id: 'f' }]],
    ]);
    expect(topic.received.every(({ headers }) => headers['aeg-sas-key'] === 'the key')).toBe(true);
  });

  test.each([
    ['a JSON text', { string: JSON.stringify(classic) }],
    ['an object', { json: JSON.stringify(classic) }],
    ['bytes', { bytes: Buffer.from(JSON.stringify(classic)) }],
  ])('takes %s for one event', async (_, data) => {
    await publish(binding, data, settings);
    expect(topic.received.map(({ body }) => JSON.parse(body))).toEqual([[classic]]);
  });

  test('sends nothing where there is no event', async () => {
    await publish(binding, { json: '[]' }, settings);
    expect(topic.received).toEqual([]);
  });

  test('fails with the answer of a topic that refuses', async () => {
    await expect(publish(binding, { json: '{"id":"bad"}' }, settings)).rejects.toThrow('answered 400: no event');
  });

  test('names the setting that is missing', async () => {
    const other = { ...binding, topicKeySetting: 'Other' };
    await expect(publish(other, { json: '[]' }, settings)).rejects.toMatchObject({ code: 'connection_missing' });
  });
});
