import path from 'node:path';
import { Victim, fixedPort, lanes, must, pause, torture } from './victim.ts';

const app = path.join(import.meta.dirname, '../support/apps/sink');

interface Status {
  readonly runtimeStatus: string;
  readonly output: { readonly child: readonly string[]; readonly called: number } | null;
}

/**
 * Orchestrations of every kind of step. Each whose start was acknowledged comes to its end with the right result, and an
 * entity has done what it was told once for each. Resolves with how many were started.
 */
export async function killDurable(dir: string, kills: number, load: number): Promise<number> {
  const victim = new Victim({
    dir: path.join(dir, 'data'),
    port: fixedPort(6),
    // Work that a killed host had begun is begun again after 300 s: 0.6 s here.
    args: ['--only', 'durable', '--app', app, '--time-scale', '0.002'],
    // Nothing comes to its other function.
    env: { SINK: 'http://127.0.0.1:9/', BUS: 'Endpoint=sb://localhost:9;SharedAccessKeyName=a;SharedAccessKey=b' },
  });
  const call = async (method: string, route: string, body?: unknown): Promise<Response> => {
    const { FUNCTIONS_URL: url = '', FUNCTIONS_SYSTEM_KEY: key = '' } = victim.settings;
    const answer = await fetch(`${url}/runtime/webhooks/durabletask/${route}?code=${key}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!answer.ok) throw new Error(`${method} ${route}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const attempted = new Set<string>();
  const started = new Set<string>();
  const start = lanes(4, async (lane, n) => {
    const id = `${lane}-${n}`;
    attempted.add(id);
    await call('POST', `orchestrators/steps/${id}`, id);
    started.add(id);
  });
  const statusOf = async (id: string): Promise<Status> =>
    (await (await call('GET', `instances/${id}`)).json()) as Status;
  const countOf = async (key: string): Promise<number> =>
    Number(await (await call('GET', `entities/counter/${key}`)).text());
  const verify = async (): Promise<void> => {
    const wanted = new Set(started);
    // What had no answer may have been started all the same.
    for (const id of attempted)
      if (
        !wanted.has(id) &&
        (await statusOf(id).then(
          () => true,
          () => false,
        ))
      )
        wanted.add(id);
    const called: number[] = [];
    for (const id of wanted) {
      let status = await statusOf(id);
      while (['Pending', 'Running'].includes(status.runtimeStatus)) {
        await pause();
        status = await statusOf(id);
      }
      must(status.runtimeStatus === 'Completed', 'not completed', [id, status]);
      must(status.output?.child.join() === [1, 2, 3].map((n) => `${id}.${n}`).join(), 'another result', [id, status]);
      called.push(status.output?.called ?? 0);
    }
    const expected = Array.from({ length: wanted.size }, (_, n) => n + 1);
    called.sort((a, b) => a - b);
    must(called.join() === expected.join(), 'calls of the entity were not answered once each', called);
    must((await countOf('called')) === wanted.size, 'the entity was called another number of times');
    while ((await countOf('signalled')) < wanted.size) await pause();
    must((await countOf('signalled')) === wanted.size, 'the entity was signalled another number of times');
  };
  return torture(victim, { ...start, acknowledged: () => started.size, verify }, kills, load);
}
