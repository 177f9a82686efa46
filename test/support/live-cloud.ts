// The real functions in their real host, on the embedded services, with every fault switch at hand; and a server that takes
// part through nothing but what agents have.
import { ShareServiceClient, type ShareClient } from '@azure/storage-file-share';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Backend } from '../../lib/agent/backend.ts';
import { remoteBackend } from '../../lib/agent/remote/backend.ts';
import { connectCloud, type World } from '../../lib/azure/connect.ts';
import { readConnections } from '../../lib/azure/settings.ts';
import { systemClock } from '../../lib/base/clock.ts';
import { type Log, silent } from '../../lib/base/log.ts';
import { headRow, headKey, pubKey, pubRow } from '../../lib/cloud/rows.ts';
import { rootId } from '../../lib/core/node.ts';
import { Switchboard } from '../../lib/local/faults/switchboard.ts';
import { hubWaits } from '../../lib/local/functions-host/waits.ts';
import { type Azure, connectionSettings, startAzure } from '../../lib/local/hub/azure.ts';
import { choosePorts } from '../../lib/local/hub/hub-file.ts';
import { loadSecrets } from '../../lib/local/hub/secrets.ts';
import { askFunctions } from '../../lib/local/hub/functions-api.ts';
import { enrolAnswer } from '../../lib/protocol/api.ts';
import { logKey, logRow, type LogRow } from '../../lib/protocol/log-row.ts';
import { type Envelope, makeSigningKeys, seal, type SigningKeys } from '../../lib/protocol/message.ts';
import type { Operation } from '../../lib/protocol/operation.ts';
import { hashOf } from './endpoint.ts';
import { Replay } from './replay.ts';

const host = '127.0.0.1';
const group = 'team';
/** Crashes are the daily bread here, and a stop that cuts off what runs must not take long. */
const waits = { ...hubWaits, listenersMs: 500, drainMs: 100, restart: { firstMs: 50, lastMs: 50 } };

/** Resolves with what `look` answers once that is not false; rejects, saying `what`, when it has not been for half a minute. */
export async function until<T>(what: string, look: () => T | false | Promise<T | false>): Promise<T> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const found = await look();
    if (found !== false) return found;
    if (performance.now() > deadline) throw new Error(`not within 30 s: ${what}`);
    await systemClock.sleep(5);
  }
}

export class LiveCloud {
  readonly faults: Switchboard;
  readonly url: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly world: World;
  readonly #data: string;
  readonly #start: () => Promise<Azure>;
  #azure: Azure | undefined;

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<LiveCloud> {
    const data = mkdtempSync(path.join(tmpdir(), 'live-cloud-'));
    const ports = await choosePorts(host, undefined);
    const cloud = new LiveCloud(data, ports, settings);
    await cloud.restart();
    await askFunctions(`${cloud.url}/api/groups/${group}?share=${group}`, loadSecrets(data).token, 'PUT', {});
    return cloud;
  }

  private constructor(
    data: string,
    ports: Awaited<ReturnType<typeof choosePorts>>,
    settings: Readonly<Record<string, string>>,
  ) {
    const secrets = loadSecrets(data);
    this.#data = data;
    this.faults = new Switchboard(1);
    this.faults.targets.crash = () => {
      this.azure.functions.crash();
      return true;
    };
    this.url = `http://${host}:${ports.functions}`;
    this.settings = connectionSettings(host, ports, secrets);
    this.world = connectCloud(readConnections(this.settings));
    this.#start = () =>
      startAzure({
        data,
        host,
        ports,
        secrets,
        share: group,
        log: () => this.log,
        settings,
        faults: this.faults,
        waits,
        onWorker: () => {},
      });
  }

  log: Log = silent;

  get azure(): Azure {
    if (this.#azure === undefined) throw new Error('not started');
    return this.#azure;
  }

  get share(): ShareClient {
    const connection = this.settings['AZURE_STORAGE_CONNECTION_STRING'] ?? '';
    return ShareServiceClient.fromConnectionString(connection).getShareClient(group);
  }

  /** All services and the functions, anew on what is on disk. */
  async restart(): Promise<void> {
    await this.#azure?.stop();
    this.#azure = await this.#start();
  }

  async stop(): Promise<void> {
    await this.world.close();
    await this.#azure?.stop();
  }

  async endpoint(server: string): Promise<LiveEndpoint> {
    const keys = makeSigningKeys();
    const { token } = loadSecrets(this.#data);
    const request = { group, server, path: `/${server}`, publicKey: keys.publicKey };
    const { endpoint } = enrolAnswer.parse(await askFunctions(`${this.url}/api/enrol`, token, 'POST', request));
    const clock = systemClock;
    const { privateKey } = keys;
    const backend = remoteBackend({ url: this.url, group, endpoint, privateKey, clock, log: silent });
    const { incarnation } = await backend.incarnation(`holder-${server}`, 0);
    return new LiveEndpoint(this, backend, { id: endpoint, incarnation, keys });
  }

  async rows(): Promise<readonly LogRow[]> {
    const found = await this.world.table.range(group, logKey(1), 'log}', 100_000);
    return found.map(({ value }) => logRow.parse(value));
  }

  /** Whether everything that was committed has been told, and nothing is half done. */
  async isQuiet(): Promise<boolean> {
    const [head, pub, [intent]] = await Promise.all([
      this.world.table.get(group, headKey),
      this.world.table.get(group, pubKey),
      this.world.table.range(group, 'intent|', 'intent}', 1),
    ]);
    const { committedSeq } = headRow.parse(head?.value);
    return intent === undefined && pub !== undefined && pubRow.parse(pub.value).publishedSeq === committedSeq;
  }

  /** What is wrong with the log and the share; an empty list is the only good answer. */
  async wrong(): Promise<readonly string[]> {
    const rows = await this.rows();
    const finals = rows.filter((row) => row.n > 0 && row.outcome !== 'parked').map((row) => `${row.endpoint} ${row.n}`);
    const twice = finals.filter((one, at) => finals.indexOf(one) !== at).map((one) => `${one} ended twice`);
    const dense = rows.every((row, at) => row.seq === at + 1) ? [] : ['the log has gaps'];
    const expected: Record<string, string> = {};
    for (const [name, node] of new Replay(rows).byPath())
      expected[name] = node.kind === 'directory' ? 'directory' : (node.hash ?? 'unknown');
    const found = await this.#tree();
    const differing = [...new Set([...Object.keys(expected), ...Object.keys(found)])].filter(
      (name) => expected[name] !== found[name] && expected[name] !== 'unknown',
    );
    return [...twice, ...dense, ...differing.map((name) => `${name}: log ${expected[name]}, share ${found[name]}`)];
  }

  /** What users see on the share: the hash of each file by path. */
  async #tree(): Promise<Record<string, string>> {
    const out: Record<string, string> = {};
    const enter = async (dir: string): Promise<void> => {
      const client = dir === '' ? this.share.rootDirectoryClient : this.share.getDirectoryClient(dir);
      for await (const { kind, name } of client.listFilesAndDirectories()) {
        const at = dir === '' ? name : `${dir}/${name}`;
        if (at === '.tideway') continue;
        out[at] = kind === 'directory' ? kind : hashOf(await client.getFileClient(name).downloadToBuffer());
        if (kind === 'directory') await enter(at);
      }
    };
    await enter('');
    return out;
  }
}

/** A server that sends operations; each send is one message. */
export class LiveEndpoint {
  readonly #cloud: LiveCloud;
  readonly #backend: Backend;
  readonly #own: { readonly id: string; readonly incarnation: number; readonly keys: SigningKeys };
  #n = 0;
  #nodes = 0;

  constructor(
    cloud: LiveCloud,
    backend: Backend,
    own: { readonly id: string; readonly incarnation: number; readonly keys: SigningKeys },
  ) {
    this.#cloud = cloud;
    this.#backend = backend;
    this.#own = own;
  }

  get n(): number {
    return this.#n;
  }

  close(): Promise<void> {
    return this.#backend.close();
  }

  async create(name: string, text: string, node = this.newId()): Promise<Extract<Operation, { kind: 'create' }>> {
    const { mtime, content } = await this.#stage(node, name, text);
    return { kind: 'create', node, parent: rootId, name, content, mtime, mode: 0o644 };
  }

  /** On the version that the log knows last. */
  async edit(node: string, name: string, text: string): Promise<Operation> {
    const known = new Replay(await this.#cloud.rows()).nodes.get(node);
    const { mtime, content } = await this.#stage(node, name, text);
    return { kind: 'edit', node, parent: rootId, name, base: known?.version ?? 0, content, mtime, mode: 0o644 };
  }

  newId(): string {
    return `${this.#own.id}-${this.#own.incarnation}-${(++this.#nodes).toString(36)}`;
  }

  seal(...operations: readonly Operation[]): Envelope {
    const { id: endpoint, incarnation, keys } = this.#own;
    const from = this.#n + 1;
    this.#n += operations.length;
    return seal({ v: 1, group, endpoint, incarnation, from, operations: [...operations] }, endpoint, keys.privateKey);
  }

  send(envelope: Envelope): Promise<void> {
    return this.#backend.send(envelope);
  }

  /** Resolves with the final rows once every number up to now has one. */
  settled(): Promise<readonly LogRow[]> {
    return until(`the outcomes of ${this.#n} operations`, async () => {
      const rows = await this.#cloud.rows();
      const own = rows.filter((row) => row.endpoint === this.#own.id && row.outcome !== 'parked');
      return new Set(own.map((row) => row.n)).size === this.#n && own;
    });
  }

  async #stage(node: string, name: string, text: string) {
    const mtime = (BigInt(Date.now()) * 1_000_000n).toString();
    const slot = await this.#backend.slot();
    const bytes = Buffer.from(text);
    const etag = await this.#backend.stageWhole(slot, bytes, { node, name, mtime, mode: 0o644 });
    return { mtime, content: { slot: slot.slot, size: bytes.length, hash: hashOf(bytes), etag, whole: true } };
  }
}
