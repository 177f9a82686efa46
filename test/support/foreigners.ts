// People who work on the share itself, over SMB, at any moment.
import { ShareRefusal } from '../../lib/cloud/ports.ts';
import type { Chance } from './chance.ts';
import { textOf, type CloudWorld } from './cloud-world.ts';
import { linkBytes } from './endpoint.ts';

const names = ['a', 'b', 'c.txt', 'd'];

export class Foreigners {
  readonly #world: CloudWorld;
  readonly #chance: Chance;
  readonly #closing: (() => void)[] = [];
  #saved = 0;

  constructor(world: CloudWorld, chance: Chance) {
    this.#world = world;
    this.#chance = chance;
  }

  act(): void {
    try {
      this.#one();
    } catch (error) {
      if (!(error instanceof ShareRefusal)) throw error; // what nobody may do now, they do not do
    }
  }

  /** Everybody closes what they have open. */
  goHome(): void {
    for (const close of this.#closing.splice(0)) close();
  }

  #one(): void {
    const { share } = this.#world;
    const all = share.walk().filter(([path]) => !/^\.tideway(\/|$)/.test(path));
    const file = this.#chance.pick(all.filter(([, entry]) => entry.kind === 'file'))?.[0];
    const dir =
      this.#chance.pick(['', ...all.filter(([, entry]) => entry.kind === 'directory').map(([path]) => path)]) ?? '';
    const name = this.#chance.pick(names) ?? 'a';
    const path = dir === '' ? name : `${dir}/${name}`;
    switch (this.#chance.below(8)) {
      case 0:
      case 1:
        if (share.find(path)?.kind !== 'directory') this.#world.save(path, this.#text());
        return;
      case 2:
        if (file !== undefined) this.#world.save(file, this.#text());
        return;
      case 3:
        if (file !== undefined) this.#world.unlink(file);
        return;
      case 4:
        share.mkdir(path);
        return;
      case 5:
        if (file !== undefined) share.rename(file, path, 'file');
        return;
      case 6:
        if (dir !== '' && this.#chance.is(40)) this.#removeAll(dir);
        return;
      default:
        if (file !== undefined) this.#closing.push(share.open(file));
        if (this.#chance.is(50)) this.#closing.shift()?.();
    }
  }

  #removeAll(dir: string): void {
    for (const [path, entry] of this.#world.share.walk(dir).toReversed()) {
      this.#world.share.remove(path, entry.kind);
      if (entry.kind === 'file') this.#world.destroyed.add(textOf(entry.content));
    }
    this.#world.share.remove(dir, 'directory');
  }

  #text(): string {
    const text = `foreign ${this.#saved++}`;
    return this.#chance.is(10) ? textOf(linkBytes(text)) : text;
  }
}
