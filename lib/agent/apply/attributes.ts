import { given } from '../../core/attributes.ts';
import type { Attributes, NodeState } from '../../core/node.ts';
import { codeOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Accounts } from '../fs/accounts.ts';
import type { Details, FileStat, SiteFs } from '../fs/port.ts';
import { splitPath } from '../fs/names.ts';
import type { Problems } from '../problems.ts';
import type { Shown } from './shown.ts';
import type { State } from '../state/state.ts';

export interface AttributesOptions {
  readonly fs: SiteFs;
  readonly accounts?: Accounts | undefined;
  readonly shown: Shown;
  readonly state: State;
  readonly problems: Problems;
  readonly log: Log;
  readonly now: () => number;
}

export interface Setting {
  /** What the site shows of the entry now. */
  readonly seen: Attributes;
  /** Something was set: it needs a flush. */
  readonly changed: boolean;
}

/**
 * Sets owner, group and extended attributes as the log says, as far as this site can: what it cannot set, others still have,
 * and the local tree says so (`seen`). Set-user-id and set-group-id are never set (I25).
 */
export class AttributeSetter {
  readonly #options: AttributesOptions;
  readonly #unknown = new Set<string>();

  constructor(options: AttributesOptions) {
    this.#options = options;
  }

  /**
   * Of the entry at `path`, which shows `stat`. What the log does not say is taken from `like`: what was here before, under
   * the same name or as this very entry.
   */
  async set(path: string, node: NodeState, stat: FileStat, like?: Details): Promise<Setting> {
    const { shown, state, problems, log, now } = this.#options;
    const refusals: string[] = [];
    const had = like?.stat.ino === stat.ino ? like.xattrs : {};
    // Before the owner: who gives a file away may not set its attributes any more.
    const xattrs = await this.#setXattrs(path, node, had, like, refusals);
    const owners = await this.#setOwners(path, node, stat, like, refusals);
    const subject = subjectOf(node);
    if (refusals.length === 0) problems.clear(subject);
    else {
      const place = state.pathIn(node.parent, node.name) ?? node.name;
      log.warn('attributes_not_kept', { path: place, refusals });
      const message = `Owner or extended attributes cannot be set here (${refusals.join(', ')}); other sites keep them.`;
      problems.set(subject, { path: place, code: 'attributes_not_kept', message, since: now() });
    }
    const seen = await shown.of({ stat: { ...stat, ...owners }, xattrs: node.kind === 'link' ? undefined : xattrs });
    return { seen, changed: xattrs !== had || owners.uid !== stat.uid || owners.gid !== stat.gid };
  }

  /** The entry is gone. */
  forget(node: Pick<NodeState, 'id'>): void {
    this.#options.problems.clear(subjectOf(node));
  }

  /** Details of one entry, for `like`. */
  async read(path: string): Promise<Details | undefined> {
    const { parent, leaf } = splitPath(path);
    const [details] = await this.#options.fs.details(parent, [leaf]);
    return details ?? undefined;
  }

  async #setXattrs(
    path: string,
    node: NodeState,
    had: Details['xattrs'],
    like: Details | undefined,
    refusals: string[],
  ): Promise<Details['xattrs']> {
    const { fs } = this.#options;
    const wanted = node.xattrs ?? like?.xattrs;
    if (node.kind === 'link' || !fs.capabilities.xattrs || wanted === undefined) return had;
    if (had !== undefined && sameXattrs(wanted, had)) return had;
    try {
      await fs.setXattrs(path, wanted);
      return wanted;
    } catch (error) {
      if (!refusesXattrs.has(codeOf(error))) throw error;
      refusals.push(codeOf(error));
      // Some may have been set.
      return (await this.read(path))?.xattrs;
    }
  }

  async #setOwners(
    path: string,
    node: NodeState,
    stat: FileStat,
    like: Details | undefined,
    refusals: string[],
  ): Promise<{ readonly uid: number; readonly gid: number }> {
    const was = like?.stat ?? stat;
    const uid = (await this.#idOf('user', node.owner)) ?? was.uid;
    const gid = (await this.#idOf('group', node.group)) ?? was.gid;
    if (uid === stat.uid && gid === stat.gid) return stat;
    try {
      await this.#options.fs.chown(path, uid, gid);
      return { uid, gid };
    } catch (error) {
      if (!refusesOwners.has(codeOf(error))) throw error;
      // Without accounts nobody asked for more than to leave it as it was.
      if (this.#options.accounts !== undefined) refusals.push(codeOf(error));
      return stat;
    }
  }

  async #idOf(kind: 'user' | 'group', name: string | undefined): Promise<number | undefined> {
    const { accounts, log } = this.#options;
    if (accounts === undefined || name === undefined) return undefined;
    const id = await accounts.idOf(kind, name);
    const key = `${kind} ${name}`;
    if (id === undefined && !this.#unknown.has(key)) {
      this.#unknown.add(key);
      log.warn('account_unknown', { kind, name });
    }
    return id;
  }
}

/** What a local entry says: the log's words, else what the site shows. */
export function attributesOf(node: Attributes, seen: Attributes): Attributes & { readonly seen?: Attributes } {
  return { ...given(seen), ...given(node), ...(Object.keys(seen).length === 0 ? {} : { seen }) };
}

function subjectOf({ id }: Pick<NodeState, 'id'>): string {
  return `attributes of ${id}`;
}

function sameXattrs(a: NonNullable<Details['xattrs']>, b: NonNullable<Details['xattrs']>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

const refusesOwners: ReadonlySet<string> = new Set(['EPERM', 'EACCES', 'ENOTSUP', 'EINVAL']);
/** ENOSPC too: a file system may have little room for them, however empty the disk is. */
const refusesXattrs: ReadonlySet<string> = new Set([
  'EPERM',
  'EACCES',
  'ENOTSUP',
  'ENOSPC',
  'EDQUOT',
  'E2BIG',
  'ERANGE',
]);
