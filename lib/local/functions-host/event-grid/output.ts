// The Event Grid output binding: what a function sets goes to the topic that two app settings name.
import type { AppSettings } from '../app-settings.ts';
import { type NamedBinding, textOption } from '../function-definition.ts';
import type { TypedData } from '../rpc.ts';

const timeoutMs = 30_000;

/** Errors: `connection_missing` of a setting, and an Error with the answer of a topic that refuses. */
export async function publish(binding: NamedBinding, data: TypedData, settings: AppSettings): Promise<void> {
  const endpoint = settings.connection(textOption(binding, 'topicEndpointUri'));
  const key = settings.connection(textOption(binding, 'topicKeySetting'));
  const { cloud, classic } = sorted(eventsOf(data));
  if (cloud.length > 0) await post(endpoint, key, 'application/cloudevents-batch+json; charset=utf-8', cloud);
  if (classic.length > 0) await post(endpoint, key, 'application/json; charset=utf-8', classic);
}

/** One event, or an array of them. */
function eventsOf(data: TypedData): readonly unknown[] {
  const text = data.json ?? data.string ?? data.bytes?.toString() ?? '';
  if (text === '') return [];
  const parsed = JSON.parse(text) as unknown;
  return Array.isArray(parsed) ? parsed : [parsed];
}

/** Each goes in the schema that it is in: a CloudEvent tells by its version. */
function sorted(events: readonly unknown[]): { readonly cloud: unknown[]; readonly classic: unknown[] } {
  const isCloud = (event: unknown): boolean => typeof event === 'object' && event !== null && 'specversion' in event;
  return { cloud: events.filter(isCloud), classic: events.filter((event) => !isCloud(event)) };
}

async function post(endpoint: string, key: string, type: string, events: readonly unknown[]): Promise<void> {
  const url = new URL(endpoint);
  if (!url.searchParams.has('api-version')) url.searchParams.set('api-version', '2018-01-01');
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': type, 'aeg-sas-key': key },
    body: JSON.stringify(events),
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!answer.ok) throw new Error(`The topic ${endpoint} answered ${answer.status}: ${await answer.text()}`);
  await answer.body?.cancel();
}
