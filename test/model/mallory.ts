// Somebody who got hold of a server of the group: she has its key, and no agent. She speaks for others (I26), and gives names
// that lead out of a site (I25). What a member may do she does, too: whoever believes everything of her has something to believe.
import { must } from '../../lib/base/errors.ts';
import { claimIncarnation, enrol } from '../../lib/cloud/registry.ts';
import { endpointKey, endpointRow, type EndpointRow } from '../../lib/cloud/rows.ts';
import { seal, type Batch, type SigningKeys } from '../../lib/protocol/message.ts';
import { Chance } from '../support/chance.ts';
import { group, type SimulatedCloud } from './cloud.ts';
import { forgedName, givenName } from './names.ts';
import type { Run } from './run.ts';

const hostile = ['..', '.', '', '../x', 'a/b', '/etc/passwd', '.tideway', 'x\0y'];

export class Mallory {
  readonly #run: Run;
  readonly #cloud: SimulatedCloud;
  readonly #keys: SigningKeys;
  readonly #endpoint: string;
  readonly #others: readonly string[];
  readonly #chance: Chance;
  #made = 0;

  /** `others` are the endpoints that she speaks for. */
  static async join(run: Run, cloud: SimulatedCloud, others: readonly string[]): Promise<Mallory> {
    const keys = run.keys();
    const asked = { group, server: 'mallory', path: '/', publicKey: keys.publicKey };
    const { endpoint } = await enrol(cloud.plain(), asked);
    await claimIncarnation(cloud.plain(), group, endpoint, 'nobody', 0);
    return new Mallory(run, cloud, keys, endpoint, others);
  }

  private constructor(run: Run, cloud: SimulatedCloud, keys: SigningKeys, endpoint: string, others: readonly string[]) {
    this.#run = run;
    this.#cloud = cloud;
    this.#keys = keys;
    this.#endpoint = endpoint;
    this.#others = others;
    this.#chance = new Chance(run.seed + 0x3a11_0e4b);
  }

  /** Now and then, until it is calm. */
  start(): void {
    const { clock, calm } = this.#run;
    if (calm) return;
    clock.after(200 + this.#chance.below(6000), () => {
      if (!this.#run.calm) this.#act();
      this.start();
    });
  }

  #act(): void {
    const victim = must(this.#chance.pick(this.#others), 'there are others');
    const name = must(this.#chance.pick(hostile), 'there are some');
    switch (this.#chance.below(4)) {
      case 0: // as the victim, whose key she has not
        return this.#send(this.#mkdir(victim, forgedName), victim);
      case 1: // as herself, for the victim
        return this.#send(this.#mkdir(victim, forgedName), this.#endpoint);
      case 2:
        return this.#send(this.#mkdir(this.#endpoint, name), this.#endpoint);
      default:
        return this.#send(this.#mkdir(this.#endpoint, `${givenName} ${++this.#made}`), this.#endpoint);
    }
  }

  #mkdir(endpoint: string, name: string): Batch {
    const { incarnation, n } = this.#rowOf(endpoint);
    const node = `${endpoint}-${incarnation}-m${n + 1}`;
    const operations = [{ kind: 'mkdir' as const, node, parent: 'root', name, mode: 0o755 }];
    return { v: 1, group, endpoint, incarnation: Math.max(incarnation, 1), from: n + 1, operations };
  }

  #rowOf(endpoint: string): EndpointRow {
    return endpointRow.parse(this.#cloud.table.get(group, endpointKey(endpoint))?.value);
  }

  #send(batch: Batch, signer: string): void {
    this.#run.trace.add('mallory', `as ${signer} for ${batch.endpoint}: ${JSON.stringify(batch.operations)}`);
    this.#cloud.queue.send(seal(batch, signer, this.#keys.privateKey));
  }
}
