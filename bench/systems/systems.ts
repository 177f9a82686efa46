// Which systems take part, and why others do not.
import { messageOf } from '../../lib/base/errors.ts';
import type { Options } from '../options.ts';
import { lsyncd } from './lsyncd.ts';
import { rclone } from './rclone.ts';
import { syncthing } from './syncthing.ts';
import type { System } from './system.ts';
import { tideway } from './tideway.ts';
import { unison } from './unison.ts';

export interface Found {
  readonly systems: readonly System[];
  /** By name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Why one that was asked for is not among them. */
  readonly missing: Readonly<Record<string, string>>;
}

/** Rejects when one is named that there is not. */
export async function systemsFor({ peers, only }: Pick<Options, 'peers' | 'only'>): Promise<Found> {
  const all = [tideway(), ...(peers ? [syncthing, unison, rclone, lsyncd] : [])];
  const unknown = only.filter((name) => !all.some((system) => system.name === name));
  if (unknown.length > 0)
    throw new Error(`no such system: ${unknown.join(', ')}; there are ${all.map(({ name }) => name).join(', ')}`);
  const wanted = all.filter(({ name }) => only.length === 0 || only.includes(name));
  const found = {
    systems: [] as System[],
    versions: {} as Record<string, string>,
    missing: {} as Record<string, string>,
  };
  for (const system of wanted)
    try {
      found.versions[system.name] = await system.version();
      found.systems.push(system);
    } catch (error) {
      found.missing[system.name] = `${messageOf(error)}; npm run bench:peers installs it`;
    }
  return found;
}
