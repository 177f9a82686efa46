// Who may publish, and what.
import {
  AzureKeyCredential,
  AzureSASCredential,
  EventGridPublisherClient,
  generateSharedAccessSignature,
} from '@azure/eventgrid';
import { expect, test } from '@jest/globals';
import { eventGridContract } from './event-grid/contract.ts';

const plain = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };
const foreign = Buffer.from('a key that is of another topic..').toString('base64');
const event = { type: 'Tideway.ChangesCommitted', source: '/group/a', subject: 'groups/1', data: { n: 1 } };

eventGridContract((topic) => {
  /** By hand, with what the official client would not send. */
  const post = (headers: Record<string, string>, body: string): Promise<Response> =>
    fetch(`${topic.url}?api-version=2018-01-01`, { method: 'POST', headers, body });
  const publisher = (credential: AzureKeyCredential | AzureSASCredential) =>
    new EventGridPublisherClient(topic.url, 'CloudEvent', credential, plain);

  test('the holder of the key publishes, one event or many', async () => {
    const client = publisher(new AzureKeyCredential(topic.key));
    await client.send([{ ...event, extensionAttributes: { traceid: 'abc' } }]);
    await client.send(Array.from({ length: 50 }, (_, n) => ({ ...event, id: `id-${n}` })));
  });

  test('a wrong key, and none, are 401', async () => {
    const client = publisher(new AzureKeyCredential(foreign));
    await expect(client.send([event])).rejects.toMatchObject({ statusCode: 401 });
    expect((await post({}, '[]')).status).toBe(401);
  });

  test('a signature of the key is good until it expires', async () => {
    const signed = (until: number, key = topic.key) =>
      generateSharedAccessSignature(topic.url, new AzureKeyCredential(key), new Date(until));
    const send = (signature: string): Promise<void> => publisher(new AzureSASCredential(signature)).send([event]);
    await send(await signed(Date.now() + 600_000));
    const expired = await signed(Date.now() - 600_000);
    const forged = await signed(Date.now() + 600_000, foreign);
    const stretched = expired.replace(/&e=[^&]*/, `&e=${encodeURIComponent('1/1/2099 1:00:00 AM')}`);
    for (const bad of [expired, forged, stretched, 'nonsense'])
      await expect(send(bad)).rejects.toMatchObject({ statusCode: 401 });
  });

  test.each([
    ['no JSON', 'application/json', '{', 400],
    ['no array', 'application/json', '{}', 400],
    ['an event without its fields', 'application/json', '[{"id":"1"}]', 400],
    ['a CloudEvent without a source', 'application/cloudevents+json', '{"specversion":"1.0","id":"1","type":"t"}', 400],
    ['more than 1 MB', 'application/json', `["${'x'.repeat(1024 * 1024)}"]`, 413],
  ])('%s is refused', async (_, type, body, status) => {
    const response = await post({ 'aeg-sas-key': topic.key, 'content-type': type }, body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { code: expect.any(String) as unknown } });
  });
});
