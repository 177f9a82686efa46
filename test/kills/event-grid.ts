import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { startEndpoint } from '../support/apps/endpoint.ts';
import { Victim, fixedPort, lanes, must, pause, torture } from './victim.ts';

/** Requests that the service has under way at a time: their events may come again after a kill, and no others. */
const inFlight = 64;
const deliverySchema = 'CloudEventSchemaV1_0';

/**
 * Publishers and a subscriber that fails now and then. What a publisher was told is published arrives; what was taken is
 * delivered again only where the service was killed before it knew. Resolves with how many events were published.
 */
export async function killEventGrid(dir: string, kills: number, load: number): Promise<number> {
  const attempted = new Set<string>();
  const accepted = new Set<string>();
  /** By event: in which life of the service it was taken, each time. */
  const taken = new Map<string, number[]>();
  const hook = await startEndpoint(({ method, headers, body }, count) => {
    if (method === 'OPTIONS') return { status: 200, headers: { 'webhook-allowed-origin': '*' } };
    if (count % 7 === 0) return { status: 503 };
    const { id } = JSON.parse(body) as { id: string };
    taken.set(id, [...(taken.get(id) ?? []), Number(headers['x-life'])]);
    return { status: 200 };
  });
  const topology = path.join(dir, 'topology.json');
  const victim = new Victim({
    dir: path.join(dir, 'data'),
    port: fixedPort(0),
    // The least wait after 503 is 30 s.
    args: ['--only', 'eventgrid', '--topology', topology, '--time-scale', '0.002'],
    // Each life says which one it is: a request may be read here after its sender was killed.
    prepare: (life) => {
      const deliveryAttributeMappings = [{ name: 'x-life', type: 'Static', properties: { value: String(life) } }];
      const subscription = { name: 'all', endpoint: hook.url, deliverySchema, deliveryAttributeMappings };
      writeFileSync(topology, JSON.stringify({ eventGrid: { topic: 'kills', subscriptions: [subscription] } }));
    },
  });

  const publish = lanes(4, async (lane, n) => {
    const ids = Array.from({ length: 5 }, (_, index) => `${lane}-${n}-${index}`);
    for (const id of ids) attempted.add(id);
    const { EVENTGRID_TOPIC_ENDPOINT: url = '', EVENTGRID_TOPIC_KEY: key = '' } = victim.settings;
    const client = new EventGridPublisherClient(url, 'CloudEvent', new AzureKeyCredential(key), {
      allowInsecureConnection: true,
      retryOptions: { maxRetries: 0 },
    });
    await client.send(ids.map((id) => ({ id, type: 'T', source: '/kills', data: {} })));
    for (const id of ids) accepted.add(id);
  });
  try {
    return await torture(
      victim,
      {
        ...publish,
        acknowledged: () => accepted.size,
        verify: async () => {
          while ([...accepted].some((id) => !taken.has(id))) await pause();
          const invented = [...taken.keys()].filter((id) => !attempted.has(id));
          must(invented.length === 0, 'events that nobody published', invented);
          const twice = [...taken].filter(([, lives]) => new Set(lives).size < lives.length);
          must(twice.length === 0, 'events delivered twice in one life', twice);
          for (let life = 1; life <= kills; life++) {
            const again = [...taken].filter(([, lives]) => lives.indexOf(life) > 0);
            must(again.length <= inFlight, `delivered again in life ${life}, beyond what was under way`, again);
          }
        },
      },
      kills,
      load,
    );
  } finally {
    await hook.stop();
  }
}
