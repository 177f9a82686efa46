// Durable Functions in the Functions host: triggers, the client binding, and the webhook. Nothing is opened or started before
// the app registers one of them.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Extension, HostContext, Listener } from '../functions-host/extension.ts';
import { type HttpServer, listen } from '../functions-host/http/server.ts';
import type { TypedData } from '../functions-host/rpc.ts';
import { Durable } from './durable.ts';
import { DurableFunctions } from './functions.ts';
import { answer } from './http/api.ts';
import { type Links, clientBinding, webhookPath } from './http/links.ts';

const triggers = ['orchestrationtrigger', 'activitytrigger', 'entitytrigger'];
const bindings = ['durableclient', 'orchestrationclient'];
const rpcPath = '/durabletask';
const bodyLimit = 104_857_600;

export function durableExtension(host: HostContext): Extension {
  const functions = new DurableFunctions();
  let open: Opened | undefined;
  const opened = (): Opened => (open ??= openHub(host, functions));
  return {
    name: 'durabletask',
    triggers,
    bindings,
    listen: (definition): Listener => {
      functions.add(definition);
      return {
        start: async () => void (await opened().ready),
        stop: () => open?.stop() ?? Promise.resolve(),
      };
    },
    input: async () => (await opened().ready).binding,
    webhook: async (request) => {
      // Without a durable function in the app the extension is not there.
      if (open === undefined) return { status: 404 };
      const { durable, links } = await open.ready;
      return answer(request, { durable, links: links(host.url + webhookPath, host.systemKey) });
    },
    stop: () => open?.close() ?? Promise.resolve(),
  };
}

interface Ready {
  readonly durable: Durable;
  readonly links: (base: string, code: string | undefined) => Links;
  /** Of the library's client. */
  readonly binding: TypedData;
}

interface Opened {
  readonly ready: Promise<Ready>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

function openHub(host: HostContext, functions: DurableFunctions): Opened {
  const hubName = host.hostSettings.durable.hubName ?? ofSite(host.settings.get('WEBSITE_SITE_NAME')) ?? 'TestHubName';
  if (host.data !== undefined) mkdirSync(host.data, { recursive: true });
  const file = host.data === undefined ? ':memory:' : join(host.data, `durable-${hubName.toLowerCase()}.db`);
  const durable = new Durable({ file, functions, host });
  const links = (base: string, code: string | undefined): Links => ({ base, hubName, code });
  let server: HttpServer | undefined;
  const start = async (): Promise<Ready> => {
    // The client of the library comes here, without a key: on loopback alone.
    server = await listen({
      host: '127.0.0.1',
      port: 0,
      bodyLimit,
      handle: (request) =>
        // A browser names the page that asks: no page has anything to ask here.
        request.path.startsWith(`${rpcPath}/`) && request.headers['origin'] === undefined
          ? answer(request, { durable, links: links(`http://127.0.0.1:${server?.port}${rpcPath}`, undefined) })
          : Promise.resolve({ status: 404 }),
      failed: (error) => host.log.write('Host.Triggers.DurableTask', 'error', String(error)),
    });
    durable.start();
    const rpc = `http://127.0.0.1:${server.port}${rpcPath}/`;
    return {
      durable,
      links,
      binding: { string: JSON.stringify(clientBinding(links(host.url + webhookPath, host.systemKey), rpc)) },
    };
  };
  const ready = start();
  // Who asks for it is told; until then an error waits.
  ready.catch(() => {});
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await ready.catch(() => {});
    await durable.stop();
  };
  return {
    ready,
    stop: () => (stopped ??= stop()),
    close: async () => {
      await (stopped ??= stop());
      await server?.close(0);
      durable.close();
    },
  };
}

/** A site's name may hold dashes, a hub's may not. */
function ofSite(name: string | undefined): string | undefined {
  const plain = name?.replaceAll(/[^A-Za-z0-9]/g, '');
  return plain === '' ? undefined : plain;
}
